/// Union and overlap of masks, computed on their runs without a bitmap.
extension InstanceMask {
  /// Calls `body` with each stretch over which both masks of one size keep their value.
  private func forEachStretch(with other: InstanceMask, _ body: (_ length: Int, _ mine: Bool, _ others: Bool) -> Void) {
    var (mine, others) = (RunCursor(counts), RunCursor(other.counts))
    while mine.skipEmpty(), others.skipEmpty() {
      let length = min(mine.left, others.left)
      body(length, mine.isSet, others.isSet)
      mine.left -= length
      others.left -= length
    }
  }

  /// The pixels set in either of two masks of one size.
  func union(_ other: InstanceMask) -> InstanceMask {
    var counts = [0]
    forEachStretch(with: other) { length, mine, others in
      let isSet = mine || others
      if isSet == (counts.count % 2 == 0) { counts[counts.count - 1] += length } else { counts.append(length) }
    }
    return InstanceMask(width: width, height: height, runs: counts)
  }

  /// The number of pixels set in both of two masks of one size.
  func intersectionArea(_ other: InstanceMask) -> Int {
    var area = 0
    forEachStretch(with: other) { length, mine, others in if mine && others { area += length } }
    return area
  }
}

/// A place in a list of runs.
private struct RunCursor {
  private let counts: [Int]
  private var index = 0
  /// Pixels of the present run that remain.
  var left: Int

  init(_ counts: [Int]) {
    self.counts = counts
    left = counts.first ?? 0
  }

  /// The runs at odd places are set.
  var isSet: Bool { index % 2 == 1 }

  /// Goes on to a run with pixels left; false at the end.
  mutating func skipEmpty() -> Bool {
    while left == 0 {
      index += 1
      guard index < counts.count else { return false }
      left = counts[index]
    }
    return true
  }
}

/// A mask with what every comparison needs of it, computed once.
struct MeasuredMask {
  let mask: InstanceMask
  let area: Int
  private let frame: AnnotatedBox?

  init(_ mask: InstanceMask) {
    self.mask = mask
    area = mask.area
    frame = mask.tightBox
  }

  /// Intersection over union of two masks; against a crowd the share of this mask that lies in it. 0 for masks of
  /// different sizes and where nothing overlaps.
  func overlap(with truth: MeasuredMask, isCrowd: Bool) -> Double {
    guard let frame, let other = truth.frame, frame.meets(other), mask.width == truth.mask.width,
      mask.height == truth.mask.height
    else { return 0 }
    let intersection = mask.intersectionArea(truth.mask)
    guard intersection > 0 else { return 0 }
    return Double(intersection) / Double(isCrowd ? area : area + truth.area - intersection)
  }
}

extension AnnotatedBox {
  /// Whether two boxes share an area.
  fileprivate func meets(_ other: AnnotatedBox) -> Bool {
    x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
  }
}
