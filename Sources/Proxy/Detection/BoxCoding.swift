import Foundation

/// How four numbers of a head describe a box: relative to an anchor or region, or as distances from a point.
package enum BoxCoding: Hashable, Sendable {
  /// Normalised shifts and log sizes relative to a box (Faster R-CNN, ATSS).
  case deltas(DeltaCoder, from: BoundingBox)
  /// Distances to the left, top, right and bottom side in units of `unit` pixels (FCOS).
  case distances(from: Point, unit: Float)
  /// The natural logarithms of those distances, at most `largestLog` (FCOS, Tian et al., 2019, section 3.1: exp of the output).
  case logDistances(from: Point, unit: Float)

  /// Keeps a diverging box finite: e^8 strides are far beyond any image.
  package static let largestLog: Float = 8

  /// The box, in pixels.
  package func decode(_ numbers: SIMD4<Float>, clippedTo area: ImageArea? = nil) -> BoundingBox {
    switch self {
    case .deltas(let coder, let box): coder.decode(BoxDeltas(numbers), anchor: box, clippedTo: area)
    case .distances(let point, let unit):
      DistanceCoder.decode(SideDistances(numbers * unit), from: point, clippedTo: area)
    case .logDistances(let point, let unit):
      DistanceCoder.decode(SideDistances(Self.exp(numbers) * unit), from: point, clippedTo: area)
    }
  }

  /// The numbers that describe a box of positive sides.
  package func encode(_ box: BoundingBox) -> SIMD4<Float> {
    switch self {
    case .deltas(let coder, let anchor): coder.encode(box, anchor: anchor).numbers
    case .distances(let point, let unit): DistanceCoder.encode(box, from: point).numbers / unit
    case .logDistances(let point, let unit): Self.log(DistanceCoder.encode(box, from: point).numbers / unit)
    }
  }

  /// The gradient with respect to the numbers, given that with respect to the four coordinates of the decoded box.
  package func gradient(of numbers: SIMD4<Float>, upstream: SIMD4<Float>) -> SIMD4<Float> {
    switch self {
    case .deltas(let coder, let box):
      coder.gradient(
        of: BoxDeltas(numbers), anchor: box,
        upstream: BoundingBox(x1: upstream[0], y1: upstream[1], x2: upstream[2], y2: upstream[3])
      ).numbers
    // The left and top side move against their distances.
    case .distances(_, let unit): upstream * SIMD4(-unit, -unit, unit, unit)
    case .logDistances(_, let unit):
      (upstream * SIMD4(-unit, -unit, unit, unit) * Self.exp(numbers))
        .replacing(with: 0, where: numbers .> Self.largestLog)
    }
  }

  private static func exp(_ x: SIMD4<Float>) -> SIMD4<Float> {
    let x = x.clamped(lowerBound: SIMD4(repeating: -.greatestFiniteMagnitude), upperBound: SIMD4(repeating: largestLog))
    return SIMD4(expf(x[0]), expf(x[1]), expf(x[2]), expf(x[3]))
  }

  /// Of distances; those that are not positive count as a thousandth.
  private static func log(_ x: SIMD4<Float>) -> SIMD4<Float> {
    SIMD4(logf(max(x[0], 1e-3)), logf(max(x[1], 1e-3)), logf(max(x[2], 1e-3)), logf(max(x[3], 1e-3)))
  }
}

extension BoxDeltas {
  /// dx, dy, dw, dh.
  var numbers: SIMD4<Float> { SIMD4(dx, dy, dw, dh) }

  init(_ numbers: SIMD4<Float>) {
    self.init(dx: numbers[0], dy: numbers[1], dw: numbers[2], dh: numbers[3])
  }
}

extension SideDistances {
  /// Left, top, right, bottom.
  var numbers: SIMD4<Float> { SIMD4(left, top, right, bottom) }

  init(_ numbers: SIMD4<Float>) {
    self.init(left: numbers[0], top: numbers[1], right: numbers[2], bottom: numbers[3])
  }
}
