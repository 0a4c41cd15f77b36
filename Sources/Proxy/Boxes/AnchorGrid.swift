import Foundation

/// The anchors of one pyramid level: the same few boxes around every cell's corner.
///
/// Anchor order: row, column, then ratio-major over scales, as in the outputs of a head in row-column-channel layout.
public struct AnchorGrid: Hashable, Sendable {
  /// Pixels between neighbouring cells.
  public var stride: Int
  /// Boxes around (0, 0), in pixels.
  public var bases: [BoundingBox]

  /// Sides are stride · scale · √(1/ratio) by stride · scale · √ratio, where ratio is height over width.
  public init(stride: Int, scales: [Float], ratios: [Float]) {
    self.stride = stride
    bases = ratios.flatMap { ratio in
      let heightRatio = ratio.squareRoot()
      let widthRatio = 1 / heightRatio
      return scales.map { scale in
        let width = Float(stride) * widthRatio * scale
        let height = Float(stride) * heightRatio * scale
        return BoundingBox(x1: -0.5 * width, y1: -0.5 * height, x2: 0.5 * width, y2: 0.5 * height)
      }
    }
  }

  /// Scales base · 2^(i / count) for i in 0 ..< count (RetinaNet's octaves).
  public static func octaves(base: Float, count: Int) -> [Float] {
    (0..<max(count, 0)).map { base * Float(exp2(Double($0) / Double(count))) }
  }

  /// All anchors of a feature map of `height` × `width` cells.
  public func anchors(height: Int, width: Int) -> [BoundingBox] {
    var anchors: [BoundingBox] = []
    anchors.reserveCapacity(height * width * bases.count)
    for row in 0..<height {
      for column in 0..<width {
        let (x, y) = (Float(column * stride), Float(row * stride))
        for base in bases {
          anchors.append(BoundingBox(x1: base.x1 + x, y1: base.y1 + y, x2: base.x2 + x, y2: base.y2 + y))
        }
      }
    }
    return anchors
  }
}
