/// A detection's mask as the head sees it: probabilities over its box, on a square grid.
public struct MaskPatch: Hashable, Sendable, Codable {
  /// Cells along each side of the box.
  public let side: Int
  /// side × side numbers in 0 ... 1, row after row.
  public let probabilities: [Float]
  /// The probability from which a pixel belongs to the object.
  public let threshold: Float

  public init(side: Int, probabilities: [Float], threshold: Float = 0.5) {
    precondition(probabilities.count == side * side, "a probability for each cell")
    (self.side, self.probabilities, self.threshold) = (side, probabilities, threshold)
  }

  /// The pixels of an image whose centre has at least the probability `threshold`, read off between the cells' centres;
  /// beyond the border cells' centres it falls to 0 within a cell (mmdetection's pasting of masks).
  ///
  /// - Parameters:
  ///   - box: where the patch lies, in pixels of the image; without width or height nothing is set.
  ///   - width, height: of the image in pixels; `InstanceMask.isPossible`.
  public func mask(in box: AnnotatedBox, width: Int, height: Int) -> InstanceMask {
    let columns = Self.taps(box.x, box.width, side, extent: width)
    let rows = Self.taps(box.y, box.height, side, extent: height)
    var pixels = RunWriter()
    pixels.add(false, count: columns.first * height)
    for column in columns.taps {
      pixels.add(false, count: rows.first)
      for row in rows.taps { pixels.add(probability(row, column) >= threshold, count: 1) }
      pixels.add(false, count: height - rows.first - rows.taps.count)
    }
    pixels.add(false, count: (width - columns.first - columns.taps.count) * height)
    return InstanceMask(width: width, height: height, runs: pixels.counts)
  }

  /// One pixel along one axis: cells `below` and `below + 1`, the latter with the share `fraction`.
  private struct Tap {
    let below: Int
    let fraction: Float
  }

  /// The pixels whose centres the patch can reach, from `first` on.
  private static func taps(
    _ start: Double, _ length: Double, _ side: Int, extent: Int
  ) -> (first: Int, taps: [Tap]) {
    guard length > 0, length.isFinite, start.isFinite else { return (0, []) }
    let margin = length / Double(side)
    let first = Int(min(max((start - margin).rounded(.down), 0), Double(extent)))
    let end = Int(min(max((start + length + margin).rounded(.up), Double(first)), Double(extent)))
    let taps = (first..<end).map { pixel in
      let at = (Double(pixel) + 0.5 - start) / length * Double(side) - 0.5
      let below = at.rounded(.down)
      return Tap(below: Int(below), fraction: Float(at - below))
    }
    return (first, taps)
  }

  private func probability(_ row: Tap, _ column: Tap) -> Float {
    func cell(_ y: Int, _ x: Int) -> Float {
      (0..<side).contains(y) && (0..<side).contains(x) ? probabilities[y * side + x] : 0
    }
    func line(_ y: Int) -> Float {
      cell(y, column.below) * (1 - column.fraction) + cell(y, column.below + 1) * column.fraction
    }
    return line(row.below) * (1 - row.fraction) + line(row.below + 1) * row.fraction
  }
}

/// Collects pixels in COCO's order as runs.
private struct RunWriter {
  private(set) var counts = [0]

  mutating func add(_ isSet: Bool, count: Int) {
    guard count > 0 else { return }
    if isSet == (counts.count % 2 == 0) { counts[counts.count - 1] += count } else { counts.append(count) }
  }
}
