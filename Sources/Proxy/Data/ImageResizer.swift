/// Scales pictures by one factor: the average over the covered area when shrinking, bilinear when enlarging.
///
/// Integer arithmetic throughout, so that the result is the same on every machine.
package enum ImageResizer {
  /// The picture as it lies in the input, without the padding: contentHeight × contentWidth.
  package static func resize(_ image: RGBImage, to placement: ImagePlacement) -> RGBImage {
    guard placement.contentWidth != image.width || placement.contentHeight != image.height || placement.scale != 1
    else {
      return image
    }
    let columns = taps(from: image.width, to: placement.contentWidth, scale: placement.scale)
    let rows = taps(from: image.height, to: placement.contentHeight, scale: placement.scale)
    let narrow = horizontally(image, columns)
    return vertically(narrow, width: placement.contentWidth, rows)
  }

  /// The input: the resized picture at the top left, `paddingGray` elsewhere.
  package static func pad(_ content: RGBImage, height: Int, width: Int) -> RGBImage {
    guard content.width != width || content.height != height else { return content }
    var padded = RGBImage(width: width, height: height, gray: ImagePlacement.paddingGray)
    for row in 0..<content.height {
      let source = row * content.width * 3
      padded.bytes.replaceSubrange(
        row * width * 3..<(row * width + content.width) * 3, with: content.bytes[source..<source + content.width * 3])
    }
    return padded
  }

  /// The source positions that make one output position, with weights that sum to `one`.
  struct Tap {
    let start: Int
    let weights: [Int32]
  }

  private static let bits: Int32 = 14
  private static let one: Int32 = 1 << bits
  /// Fractional bits kept between the two passes.
  private static let kept: Int32 = 6

  /// Output position p covers [p, p + 1) / scale of the source.
  private static func taps(from source: Int, to target: Int, scale: Double) -> [Tap] {
    (0..<target).map { position in
      let raw: (start: Int, weights: [Double])
      if scale < 1 {
        raw = coverage(low: Double(position) / scale, high: Double(position + 1) / scale, source: source)
      } else {
        raw = interpolation(at: (Double(position) + 0.5) / scale - 0.5, source: source)
      }
      return Tap(start: raw.start, weights: normalized(raw.weights))
    }
  }

  private static func coverage(low: Double, high: Double, source: Int) -> (start: Int, weights: [Double]) {
    let first = min(Int(low), source - 1)
    let end = max(first + 1, min(Int(high.rounded(.up)), source))
    let weights = (first..<end).map { max(0, min(high, Double($0 + 1)) - max(low, Double($0))) }
    return (first, weights)
  }

  private static func interpolation(at place: Double, source: Int) -> (start: Int, weights: [Double]) {
    let clamped = min(max(place, 0), Double(source - 1))
    let first = min(Int(clamped), max(0, source - 2))
    let fraction = clamped - Double(first)
    return source == 1 ? (0, [1]) : (first, [1 - fraction, fraction])
  }

  /// Fixed-point weights; what rounding leaves goes to the largest.
  private static func normalized(_ weights: [Double]) -> [Int32] {
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return [one] + [Int32](repeating: 0, count: weights.count - 1) }
    var fixed = weights.map { Int32(($0 / sum * Double(one)).rounded()) }
    let largest = fixed.indices.max { fixed[$0] < fixed[$1] } ?? 0
    fixed[largest] += one - fixed.reduce(0, +)
    return fixed
  }

  private static func horizontally(_ image: RGBImage, _ columns: [Tap]) -> [Int32] {
    var result = [Int32](repeating: 0, count: columns.count * image.height * 3)
    let half: Int32 = 1 << (bits - kept - 1)
    for y in 0..<image.height {
      for (x, tap) in columns.enumerated() {
        var (red, green, blue): (Int32, Int32, Int32) = (half, half, half)
        var source = (y * image.width + tap.start) * 3
        for weight in tap.weights {
          red += weight * Int32(image.bytes[source])
          green += weight * Int32(image.bytes[source + 1])
          blue += weight * Int32(image.bytes[source + 2])
          source += 3
        }
        let target = (y * columns.count + x) * 3
        result[target] = red >> (bits - kept)
        result[target + 1] = green >> (bits - kept)
        result[target + 2] = blue >> (bits - kept)
      }
    }
    return result
  }

  private static func vertically(_ narrow: [Int32], width: Int, _ rows: [Tap]) -> RGBImage {
    let stride = width * 3
    var bytes = [UInt8](repeating: 0, count: stride * rows.count)
    var sums = [Int32](repeating: 0, count: stride)
    for (y, tap) in rows.enumerated() {
      for index in 0..<stride { sums[index] = 1 << (bits + kept - 1) }
      for (offset, weight) in tap.weights.enumerated() {
        let source = (tap.start + offset) * stride
        for index in 0..<stride { sums[index] += weight * narrow[source + index] }
      }
      for index in 0..<stride { bytes[y * stride + index] = UInt8(clamping: sums[index] >> (bits + kept)) }
    }
    return RGBImage(width: width, height: rows.count, bytes: bytes)
  }
}
