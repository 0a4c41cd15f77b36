import Formulas
import Losses

/// What the descent simulation did, run by run, for a reader who wants to know why a formula passes or not.
public struct SimulationReport: Sendable {
  public let settings: SimulationSettings
  public let mode: Mode
  /// Empty where the result has another shape than training needs.
  public let runs: [DescentRecord]
  /// That of the first run that ends a candidate, as `DescentSimulation.run` gives it.
  public let rejection: Rejection?

  public var passed: Bool { rejection == nil }

  /// The step along the gradient divided by its root mean square.
  public var stepSize: Double { mode == .regression ? settings.boxStep : settings.logitStep }
  public var stepUnit: String { mode == .regression ? "target sides" : "logits" }
}

/// One descent: where the samples started, how they went, where they ended.
public struct DescentRecord: Hashable, Sendable {
  /// What descended: "24 rows of 3 logits".
  public let samples: String
  public let measure: DescentMeasure
  /// The level, in [0, 1], before each step that was taken and after the last.
  public let curve: [Double]
  /// The level that must be reached; nil where descent need only stay finite.
  public let required: Double?
  /// Steps that may be taken.
  public let stepLimit: Int
  public let ending: DescentEnding
  public let rejection: Rejection?
  /// Mean loss of a row or box; nan or infinite where the formula is.
  public let startLoss: Double
  public let endLoss: Double
  public let groups: [Group]
  /// How many samples stand at the required level at the end, of how many; nil where none is required.
  public let arrived: Int?
  public let count: Int
  /// In how many rows or boxes the first gradient sits, (Σ g²)² / Σ g⁴: all of them where they count alike, 1 where one has all
  /// of it. Nil without a finite gradient.
  public let effectiveSamples: Double?
  /// How many rows or boxes there are.
  public let rows: Int
  /// The reference loss of the mode from the same start.
  public let reference: Reference?

  /// Samples of one kind.
  public struct Group: Hashable, Sendable {
    public let name: String
    /// Mean levels, in [0, 1].
    public let start: Double
    public let end: Double
  }

  /// How the reference loss does.
  public struct Reference: Hashable, Sendable {
    public let name: String
    public let end: Double
    /// The first step before which the required level was reached; nil where it never was or none is required.
    public let arrival: Int?
  }

  public var start: Double { curve.first ?? .nan }
  public var end: Double { curve.last ?? .nan }

  /// Whether the run did what is asked.
  public var passed: Bool { rejection == nil }

  /// The highest level and the first step before which it stood.
  public var best: (step: Int, level: Double) {
    curve.enumerated().reduce((0, start)) { $1.element > $0.1 ? ($1.offset, $1.element) : $0 }
  }

  /// The first step before which the required level was reached; nil where it never was or none is required.
  public var arrival: Int? { required.flatMap { level in curve.firstIndex { $0 >= level } } }

  init(_ descent: any Descent, _ program: Program, reference other: (name: String, descent: any Descent, Program)?) {
    samples = descent.samples
    measure = descent.measure
    required = descent.required
    stepLimit = descent.stepLimit
    let before = descent.groups
    descent.evaluate(program)
    startLoss = descent.meanLoss
    let squares = descent.squaredGradients
    rows = squares.count
    effectiveSamples = Self.participation(squares)
    (ending, curve) = Self.curve(descent, program)
    rejection = descent.rejection(after: ending)
    descent.evaluate(program)
    endLoss = descent.meanLoss
    let after = descent.groups
    groups = zip(before, after).map { Group(name: $0.name, start: $0.mean, end: $1.mean) }
    let levels = after.flatMap(\.levels)
    count = levels.count
    arrived = descent.required.map { level in levels.count { $0 >= level } }
    reference = other.map { name, descent, program in
      let curve = Self.curve(descent, program).levels
      return Reference(
        name: name, end: curve.last ?? .nan,
        arrival: descent.required.flatMap { level in curve.firstIndex { $0 >= level } })
    }
  }

  private static func curve(_ descent: any Descent, _ program: Program) -> (DescentEnding, levels: [Double]) {
    var levels: [Double] = []
    let ending = descent.run(program) { _ in levels.append(descent.level) }
    // A run that stops before a step has noted the level there already.
    levels.removeLast(max(0, levels.count - ending.steps))
    return (ending, levels + [descent.level])
  }

  private static func participation(_ squares: [Double]) -> Double? {
    guard let top = squares.max(), top > 0, squares.allSatisfy(\.isFinite) else { return nil }
    let shares = squares.map { $0 / top }
    let sum = shares.reduce(0, +)
    return sum * sum / shares.reduce(0) { $0 + $1 * $1 }
  }
}
