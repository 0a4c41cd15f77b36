import Formulas
import Foundation
import Losses

/// Looks for inputs between the rungs of the ladder where value or gradient overflow, however narrow the place.
///
/// The compiled program goes over every curve in Float; then the search climbs towards the largest value and the largest
/// gradient, each round 32 times as fine, since an Exp is largest just below its clamp and a quotient just beside its pole.
struct HazardSweep {
  private let program: Program
  private let mode: Mode

  /// Nil where rows cannot be looked at one by one.
  init?(_ tracer: NodeTracer) {
    guard let program = try? Program(tracer.formula, mode: tracer.mode), !program.couplesSamples,
      [.perSample, .perElement].contains(program.shape)
    else { return nil }
    self.program = program
    mode = tracer.mode
  }

  /// Places at which the compiled program is not finite, and the largest ones found, the mildest first; each is preceded by its
  /// roundings to few digits, which may show the same. Ours: 32 places a unit, six rounds.
  func points() -> [HazardPoint] {
    let suspects = SweepGrid.all(of: mode).flatMap(suspects)
    let chosen = suspects.sorted { ($1.size, $0.point.severity) < ($0.size, $1.point.severity) }
      .prefix(Self.suspectLimit).sorted { $0.point.severity < $1.point.severity }
    var seen = Set<HazardPoint>()
    return chosen.flatMap { Self.withSpellings($0.point) }.filter { seen.insert($0).inserted }
  }

  /// Whether the compiled program is finite in each row, value and gradient.
  func isFinite(_ inputs: LossInputs<Double>) -> [Bool] {
    measure(inputs.converted(to: Float.self)).map { $0.value.isFinite && $0.gradient.isFinite }
  }

  fileprivate static let density = 32
  private static let suspectLimit = 40

  /// The size of one row in Float, infinite where it is not finite.
  private struct RowSize {
    var value = 0.0
    var gradient = 0.0
  }

  /// A place with the size of its value or gradient.
  private struct Suspect {
    let point: HazardPoint
    let size: Double
  }

  private func suspects(on sweep: SweepGrid) -> [Suspect] {
    let (curve, grid) = (sweep.curve, sweep.places)
    let rows = measure(sweep.inputs)
    return [\RowSize.value, \RowSize.gradient].flatMap { quantity -> [Suspect] in
      let sizes = rows.map { $0[keyPath: quantity] }
      let broken = grid.indices.filter { !sizes[$0].isFinite }
      if let mildest = broken.min(by: { curve.severity(grid[$0]) < curve.severity(grid[$1]) }) {
        return [Suspect(point: HazardPoint(curve: curve, place: grid[mildest]), size: .infinity)]
      }
      return peaks(sizes).map { climb(curve, grid, from: $0, quantity) }
    }
  }

  /// The largest entries that are no smaller than their neighbours; a plateau counts by both its ends. What stays below the
  /// limit overflows in no format.
  private func peaks(_ sizes: [Double]) -> [Int] {
    let tops = sizes.indices.filter { index in
      let (before, after) = (index > 0 ? sizes[index - 1] : -1, index + 1 < sizes.count ? sizes[index + 1] : -1)
      return sizes[index] > 1e3 && sizes[index] >= before && sizes[index] >= after
        && (sizes[index] > before || sizes[index] > after)
    }
    return Array(tops.sorted { sizes[$0] > sizes[$1] }.prefix(3))
  }

  private func climb(
    _ curve: HazardCurve, _ grid: [Double], from index: Int, _ quantity: KeyPath<RowSize, Double>
  ) -> Suspect {
    var (low, high) = (grid[max(0, index - 1)], grid[min(grid.count - 1, index + 1)])
    var best = Suspect(point: HazardPoint(curve: curve, place: grid[index]), size: 0)
    for _ in 0..<6 {
      let places = (0...Self.density).map { low + (high - low) * Double($0) / Double(Self.density) }
      let sizes = measure(curve, places).map { $0[keyPath: quantity] }
      let broken = places.indices.filter { !sizes[$0].isFinite }
      if let middle = broken.dropFirst(broken.count / 2).first {
        return Suspect(point: HazardPoint(curve: curve, place: places[middle]), size: .infinity)
      }
      guard let top = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) else { break }
      best = Suspect(point: HazardPoint(curve: curve, place: places[top]), size: sizes[top])
      (low, high) = (places[max(0, top - 1)], places[min(places.count - 1, top + 1)])
    }
    return best
  }

  /// A place rounded to ever more digits, bfloat16 numbers around it, then the place itself.
  private static func withSpellings(_ point: HazardPoint) -> [HazardPoint] {
    var places = (0...5).map { digits in
      let scale = pow(10, Double(digits))
      return (point.place * scale).rounded() / scale
    }
    let near = FloatFormat.bf16.rounded(point.place)
    let spacing = max(near.magnitude, 0x1p-6).ulp * 0x1p45
    places += (0...8).flatMap { [near + Double($0) * spacing, near - Double($0) * spacing] } + [point.place]
    let limits = point.curve.grid(density: 1)
    let range = (limits.first ?? 0)...(limits.last ?? 0)
    return places.filter(range.contains).map { HazardPoint(curve: point.curve, place: $0) }
  }

  private func measure(_ curve: HazardCurve, _ places: [Double]) -> [RowSize] {
    measure(SweepGrid(curve, places, mode).inputs)
  }

  private func measure(_ inputs: LossInputs<Float>) -> [RowSize] {
    var sizes = [RowSize](repeating: RowSize(), count: inputs.rows)
    guard let result = try? program.evaluate(inputs) else { return sizes }
    func add(_ numbers: [Float], _ quantity: WritableKeyPath<RowSize, Double>) {
      let width = max(numbers.count / max(inputs.rows, 1), 1)
      for (place, number) in numbers.enumerated() {
        let size = number.isFinite ? Double(number.magnitude) : .infinity
        let row = place / width
        if size > sizes[row][keyPath: quantity] { sizes[row][keyPath: quantity] = size }
      }
    }
    add(result.value, \.value)
    for variable in mode.differentiableVariables {
      if let gradient = result.gradients[variable] { add(gradient, \.gradient) }
    }
    return sizes
  }
}

/// Places on a curve and the inputs there.
private struct SweepGrid: Sendable {
  let curve: HazardCurve
  let places: [Double]
  let inputs: LossInputs<Float>

  init(_ curve: HazardCurve, _ places: [Double], _ mode: Mode) {
    self.curve = curve
    self.places = places
    inputs = AdmissibleBatch(places.map { HazardPoint(curve: curve, place: $0) }, mode: mode).inputs
      .converted(to: Float.self)
  }

  static func all(of mode: Mode) -> [SweepGrid] {
    switch mode {
    case .multiClass: multiClass
    case .binaryClass: binaryClass
    case .regression: regression
    }
  }

  private static let multiClass = made(of: .multiClass)
  private static let binaryClass = made(of: .binaryClass)
  private static let regression = made(of: .regression)

  private static func made(of mode: Mode) -> [SweepGrid] {
    HazardCurve.all(of: mode).map { SweepGrid($0, $0.grid(density: HazardSweep.density), mode) }
  }
}
