import Formulas
import Losses
import Testing

/// The reference gradient is the slope of the reference value, away from kinks.
@Suite struct FiniteDifferenceTests {
  @Test(arguments: Mode.allCases) func gradientsAreSlopes(mode: Mode) throws {
    var (compared, rough) = (0, 0)
    var seen: Set<Primitive> = []
    for seed in UInt64(1000)..<1600 {
      var random = RandomFormulas(seed: seed)
      let formula = random.formula(mode, depth: 4)
      let inputs = random.inputs(mode, rows: mode == .regression ? 1 : 2, classes: 3, scale: 1)
      let before = compared
      try compare(formula, mode, inputs, "seed \(seed)", &compared, &rough)
      if compared > before { seen.formUnion(Self.primitives(of: formula)) }
    }
    #expect(compared > 500, "\(mode): \(compared) slopes, \(rough) too rough")
    #expect(compared > 5 * rough, "\(mode): \(compared) slopes, \(rough) too rough")
    #expect(seen == Set(mode.primitives), "\(mode): \(Set(mode.primitives).subtracting(seen))")
  }

  /// Every primitive alone, on both sides of its kinks and where it is steep.
  @Test(arguments: Primitive.allCases) func everyPrimitiveAlone(primitive: Primitive) throws {
    var (compared, rough) = (0, 0)
    let text: String
    switch primitive {
    case .add, .sub, .mul, .div, .dot: text = "\(primitive.rawValue)(Mul(X,X),Add(X,Z))"
    case .sqrt, .log: text = "\(primitive.rawValue)(Abs(X))"
    case .neg, .exp, .abs, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      text = "\(primitive.rawValue)(X)"
    }
    let formula = try Formula(parsing: text, mode: .multiClass)
    for x in [-25.0, -3, -0.7, -0.01, 0.02, 0.9, 4, 19.9, 20.1, 60] {
      var inputs = LossInputs<Double>(rows: 1, classes: 2)
      (inputs[.x], inputs[.z]) = ([x, 0.3 - x / 2], [0.6, 0.6])
      try compare(formula, .multiClass, inputs, "\(x)", &compared, &rough)
    }
    #expect(compared >= 12, "\(text): \(compared) slopes, \(rough) too rough")
  }

  /// Central differences of the summed value with steps h and 2h; their truncation errors are as 1 to 4, so the first
  /// is off by a third of what separates them. Rounding the value to 16 digits adds its part over h.
  private func compare(
    _ formula: Formula, _ mode: Mode, _ inputs: LossInputs<Double>, _ label: String, _ compared: inout Int,
    _ rough: inout Int
  ) throws {
    let evaluator = try ReferenceEvaluator(formula, mode: mode)
    let kinks = try KinkDetector(formula, mode: mode)
    let gradients = try evaluator.evaluate(inputs).gradients
    // Numbers on the way above 1e4 leave no digits for a difference.
    let tame = try ReferenceEvaluator(formula, mode: mode, rounding: { abs($0) < 1e4 ? $0 : .nan }).value(inputs)
    guard tame.allSatisfy(\.isFinite) else { return }
    for variable in mode.differentiableVariables {
      guard let gradient = gradients[variable] else { continue }
      for place in gradient.indices where gradient[place].isFinite {
        let h = 2e-5
        guard try !kinks.crosses(inputs, variable, place, step: 2 * h) else { continue }
        let (near, far) = try (
          slope(evaluator, inputs, variable, place, h), slope(evaluator, inputs, variable, place, 2 * h)
        )
        let gap = abs(near - far)
        guard near.isFinite, far.isFinite, gap < 1e-5 * (1 + abs(near)) else {
          rough += 1
          continue
        }
        compared += 1
        let size = tame.reduce(1) { max($0, abs($1)) }
        #expect(
          abs(near - gradient[place]) <= gap + 1e-15 * size / h * 100,
          "\(label) \(mode) \(formula) \(variable)[\(place)]: \(gradient[place]), slope \(near) ± \(gap)")
      }
    }
  }

  /// The central difference of the summed value.
  private func slope(
    _ evaluator: ReferenceEvaluator, _ inputs: LossInputs<Double>, _ variable: Variable, _ place: Int, _ step: Double
  ) throws -> Double {
    let values = try [step, -step].map { try evaluator.value(inputs.moved(variable, place, by: $0)) }
    return zip(values[0], values[1]).reduce(0) { $0 + ($1.0 - $1.1) } / (2 * step)
  }

  private static func primitives(of formula: Formula) -> Set<Primitive> {
    formula.nodes.reduce(into: []) { set, node in
      switch node {
      case .variable, .constant: break
      case .unary(let primitive, _), .binary(let primitive, _, _): set.insert(primitive)
      }
    }
  }

  @Test(arguments: [
    ("Abs(X)", 0.0, true), ("Abs(X)", 1e-6, true), ("Abs(X)", 1e-3, false), ("Abs(Mul(X,X))", 0, true),
    ("Relu(Sub(X,1))", 1, true), ("Relu(Sub(X,1))", 0.999, false), ("Exp(X)", 88, true), ("Exp(X)", 0, false),
    ("Softplus(X)", 20, true), ("Softplus(X)", 0, false), ("Sin(Abs(Sin(X)))", 0, true), ("Sig(X)", 0, false),
    ("Tanh(Relu(Mul(2,X)))", -1e-6, true), ("Tanh(Relu(Mul(2,X)))", -1, false),
  ]) func kinksAreFound(text: String, x: Double, isKink: Bool) throws {
    var inputs = LossInputs<Double>(rows: 1, classes: 1)
    inputs[.x] = [x]
    let detector = try KinkDetector(Formula(parsing: text, mode: .binaryClass), mode: .binaryClass)
    #expect(try detector.crosses(inputs, .x, 0, step: 1e-5) == isKink)
  }
}

/// Says whether a move of one input crosses a place where a primitive has no slope: the arguments of Abs and Relu at 0,
/// Exp at its clamp, Softplus where it becomes its argument.
struct KinkDetector {
  private let arguments: [(evaluator: ReferenceEvaluator, threshold: Double)]

  init(_ formula: Formula, mode: Mode) throws {
    arguments = try formula.nodes.compactMap { node in
      guard case .unary(let primitive, let child) = node else { return nil }
      let threshold: Double
      switch primitive {
      case .abs, .relu: threshold = 0
      case .exp: threshold = ReferenceFunctions.expLimit
      case .softplus: threshold = ReferenceFunctions.softplusLimit
      case .neg, .log, .sqrt, .softmax, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .add, .sub, .mul, .div, .dot:
        return nil
      }
      return (try ReferenceEvaluator(formula.subformula(at: child), mode: mode), threshold)
    }
  }

  /// Whether an argument lies on both sides of its kink, or on it, between −step and +step.
  func crosses(_ inputs: LossInputs<Double>, _ variable: Variable, _ place: Int, step: Double) throws -> Bool {
    for (evaluator, threshold) in arguments {
      let sides = try [-step, 0, step].map { shift in
        try evaluator.value(inputs.moved(variable, place, by: shift)).map { $0 - threshold }
      }
      for k in sides[0].indices {
        // An argument that the move leaves alone has its slope passed on as it is.
        if sides[0][k] == sides[2][k], sides[0][k] == sides[1][k] { continue }
        if sides[1][k] == 0 || (sides[0][k] < 0) != (sides[2][k] < 0) { return true }
      }
    }
    return false
  }
}

extension LossInputs<Double> {
  /// The same inputs with one number changed.
  func moved(_ variable: Variable, _ place: Int, by step: Double) -> LossInputs<Double> {
    var moved = self
    moved[variable]?[place] += step
    return moved
  }
}
