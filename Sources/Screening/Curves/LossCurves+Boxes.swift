import Formulas
import Losses

extension LossCurves {
  /// A straight way of the predicted box to the target, in units of the target: start of centre and sides.
  private struct Way {
    let name: String
    let dx, dy, sw, sh: Double
  }

  /// The ways on which boxes overlap, one of each strict family of the verification.
  private static let overlappingWays = [
    Way(name: "moved aside", dx: 0.97, dy: 0, sw: 1, sh: 1), Way(name: "too small", dx: 0, dy: 0, sw: 0.15, sh: 0.15),
    Way(name: "too large", dx: 0, dy: 0, sw: 4, sh: 4), Way(name: "wrong aspect", dx: 0, dy: 0, sw: 4, sh: 0.25),
  ]

  /// Width and height of the target in pixels.
  private static let targetSize = (width: 64.0, height: 48.0)
  private static let steps = 120

  func overlapCurves() -> [LossCurve] {
    let own = Self.overlappingWays.compactMap { way in
      boxCurve(formula, way, steps: Self.steps, x: \.overlap, "this formula, \(way.name)")
    }
    let known = knownLosses([.linearIoU, .giou]).compactMap {
      boxCurve($0.formula, Self.overlappingWays[0], steps: Self.steps, x: \.overlap, "\($0.name), moved aside")
    }
    return own + fitted(known, to: own.first, tolerance: 1, meets: true)
  }

  /// From three widths away to the target.
  func distanceCurves() -> [LossCurve] {
    let way = Way(name: "moved aside", dx: 3, dy: 0, sw: 1, sh: 1)
    let own = boxCurve(formula, way, steps: 3 * Self.steps, x: \.distance, "this formula, moved aside")
    let known = knownLosses([.linearIoU, .giou]).compactMap {
      boxCurve($0.formula, way, steps: 3 * Self.steps, x: \.distance, "\($0.name), moved aside")
    }
    return [own].compactMap(\.self) + fitted(known, to: own, tolerance: 1, meets: true)
  }

  private struct Place {
    let overlap, distance: Double
  }

  /// Value, and derivative along the way with the whole way as unit.
  private func boxCurve(_ loss: Formula, _ way: Way, steps: Int, x: KeyPath<Place, Double>, _ label: String)
    -> LossCurve?
  {
    let (width, height) = Self.targetSize
    let target = ProbeBox(centerX: 0, centerY: 0, width: width, height: height)
    let start = ProbeBox(
      centerX: way.dx * width, centerY: way.dy * height, width: way.sw * width, height: way.sh * height)
    // The very end is left out: at the target the derivative of U, I and E jumps.
    let shares = (0..<steps).map { Double($0) / Double(steps) }
    let boxes = shares.map { start.moved(towards: target, by: $0) }
    let areas = boxes.map { $0.overlap(with: target) }
    let directions = boxes.map { $0.direction(from: start, to: target, target: target) }
    var inputs = LossInputs<Double>(rows: steps)
    inputs[.u] = areas.map(\.union)
    inputs[.i] = areas.map(\.intersection)
    inputs[.e] = areas.map(\.enclosing)
    guard let result = evaluated(loss, inputs), result.value.count == steps else { return nil }
    let places = zip(shares, areas).map { share, area in
      Place(overlap: area.intersection / area.union, distance: way.dx * (1 - share))
    }
    return LossCurve(
      label: label,
      points: places.indices.map { row in
        let slope =
          (result.gradients[.u]?[row] ?? 0) * directions[row].union
          + (result.gradients[.i]?[row] ?? 0) * directions[row].intersection
          + (result.gradients[.e]?[row] ?? 0) * directions[row].enclosing
        return .init(x: places[row][keyPath: x], value: result.value[row], slope: slope)
      })
  }
}
