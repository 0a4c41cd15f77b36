/// A binary mask as run lengths in COCO's order: column after column, starting with a (possibly empty) run of zeros.
public struct InstanceMask: Hashable, Sendable, Codable {
  public let width: Int
  public let height: Int
  /// Lengths of alternating runs of 0 and 1, summing to width · height.
  public let counts: [Int]

  /// The largest number of pixels, that of COCO's own masks: it fits 32 bits.
  public static let mostPixels = 0xFFFF_FFFF

  /// Nil when the runs do not fill width · height exactly, one is negative, or there are more than `mostPixels`.
  public init?(width: Int, height: Int, counts: [Int]) {
    guard Self.isPossible(width: width, height: height) else { return nil }
    var total = 0
    for count in counts {
      guard count >= 0 else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(count)
      guard !overflow else { return nil }
      total = sum
    }
    guard total == width * height else { return nil }
    (self.width, self.height, self.counts) = (width, height, counts)
  }

  /// Whether an image of this size has no more than `mostPixels`.
  static func isPossible(width: Int, height: Int) -> Bool {
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    return width >= 0 && height >= 0 && !overflow && pixels <= mostPixels
  }

  /// From a predicate over (x, y).
  public init(width: Int, height: Int, isSet: (_ x: Int, _ y: Int) -> Bool) {
    var counts: [Int] = []
    var run = 0
    var current = false
    for x in 0..<width {
      for y in 0..<height {
        let value = isSet(x, y)
        if value != current {
          counts.append(run)
          run = 0
          current = value
        }
        run += 1
      }
    }
    counts.append(run)
    (self.width, self.height, self.counts) = (width, height, counts)
  }

  /// From alternating runs that are known to fill width · height.
  init(width: Int, height: Int, runs: [Int]) {
    (self.width, self.height, self.counts) = (width, height, runs)
  }

  /// Number of set pixels.
  public var area: Int {
    stride(from: 1, to: counts.count, by: 2).reduce(0) { $0 + counts[$1] }
  }

  /// The mask as it lies in a detector's input of the given size: the original pixel below each input pixel's centre.
  func placed(_ placement: ImagePlacement, width: Int, height: Int) -> InstanceMask {
    let original = bitmap()
    return InstanceMask(width: width, height: height) { x, y in
      guard x < placement.contentWidth, y < placement.contentHeight else { return false }
      let column = min(Int((Double(x) + 0.5) / placement.scale), self.width - 1)
      let row = min(Int((Double(y) + 0.5) / placement.scale), self.height - 1)
      return original[row * self.width + column]
    }
  }

  /// Row-major bitmap of width · height values.
  public func bitmap() -> [Bool] {
    var bitmap = [Bool](repeating: false, count: width * height)
    var position = 0
    for (index, count) in counts.enumerated() {
      if index % 2 == 1 {
        for place in position..<position + count { bitmap[(place % height) * width + place / height] = true }
      }
      position += count
    }
    return bitmap
  }

  /// The tight box of the set pixels (a pixel covers [x, x + 1)); nil when none is set.
  public var tightBox: AnnotatedBox? {
    var (left, right, top, bottom) = (width, -1, height, -1)
    var position = 0
    for (index, count) in counts.enumerated() {
      if index % 2 == 1, count > 0 {
        let (first, last) = (position, position + count - 1)
        left = min(left, first / height)
        right = max(right, last / height)
        let crosses = first / height != last / height
        top = min(top, crosses ? 0 : first % height)
        bottom = max(bottom, crosses ? height - 1 : last % height)
      }
      position += count
    }
    guard right >= left else { return nil }
    return AnnotatedBox(
      x: Double(left), y: Double(top), width: Double(right - left + 1), height: Double(bottom - top + 1))
  }
}
