import Formulas
import Losses
import Randomness
import Screening
import Testing

@Suite struct NodeTracerTests {
  /// Inputs of any kind: the tracer must agree with the reference evaluator also where they make no sense.
  private func inputs(_ mode: Mode, seed: UInt64) -> LossInputs<Double> {
    var random = SeededGenerator(seed: seed, stream: "tracer")
    let classes = mode == .regression ? 1 : 3
    var inputs = LossInputs<Double>(rows: 5, classes: classes)
    for variable in mode.variables {
      inputs[variable] = (0..<(5 * classes)).map { _ in
        random.chance(0.1) ? [0, -1, 1e9, .infinity, 1][random.index(below: 5)] : random.uniform(-3, 6)
      }
    }
    return inputs
  }

  @Test(arguments: Mode.allCases) func itAgreesWithTheReferenceEvaluator(mode: Mode) throws {
    for seed in 0..<UInt64(1_000) {
      let formula = randomLegalFormula(mode, seed: seed)
      let inputs = inputs(mode, seed: seed)
      let expected = try ReferenceEvaluator(formula, mode: mode).evaluate(inputs)
      let tracer = try NodeTracer(formula, mode: mode)
      let trace = tracer.trace(inputs)
      #expect(same(trace.values[formula.root], expected.value), "seed \(seed): \(formula)")
      for (index, node) in formula.nodes.enumerated() {
        guard case .variable(let variable) = node, let gradient = expected.gradients[variable] else { continue }
        #expect(same(trace.adjoints[index], gradient), "seed \(seed): \(variable.rawValue) of \(formula)")
        let part = try ReferenceEvaluator(formula.subformula(at: index), mode: mode).value(inputs)
        #expect(same(trace.values[index], part), "seed \(seed): \(formula)")
      }
    }
  }

  /// Holding a node at a number is evaluating the formula with that number in its place.
  @Test(arguments: Mode.allCases) func heldNodesAreNumbers(mode: Mode) throws {
    var compared = 0
    for seed in 0..<UInt64(500) {
      let formula = randomLegalFormula(mode, seed: seed)
      let inputs = inputs(mode, seed: seed)
      var builder = FormulaBuilder()
      let number = builder.constant(0.75)
      let replaced = formula.replacing(
        node: seed.hashedIndex(below: formula.nodeCount), with: builder.build(root: number))
      guard let other = try? NodeTracer(replaced, mode: mode),
        (try? replaced.shape(in: mode)) == (try? formula.shape(in: mode))
      else { continue }
      let node = seed.hashedIndex(below: formula.nodeCount)
      let held = try NodeTracer(formula, mode: mode).trace(inputs, holding: .init(node: node, value: 0.75))
      // A Dot of numbers alone sums them once, held nodes keep their size.
      guard !formula.nodes.contains(where: { if case .binary(.dot, _, _) = $0 { true } else { false } }) else {
        continue
      }
      let (a, b) = (held.values[formula.root], other.trace(inputs).values[replaced.root])
      compared += 1
      #expect(same(a, b.count == a.count ? b : a.map { _ in b[0] }), "seed \(seed): \(formula), node \(node)")
    }
    #expect(compared > 50)
  }

  /// Rounded to Float after every operation, it stays near the compiled program, which rounds so too.
  @Test(arguments: Mode.allCases) func fp32IsNearTheCompiledProgram(mode: Mode) throws {
    for loss in KnownLoss.all(of: mode) {
      let classes = mode == .regression ? 1 : 3
      var random = SeededGenerator(seed: 5, stream: "fp32")
      var inputs = LossInputs<Double>(rows: 8, classes: classes)
      for variable in mode.variables {
        inputs[variable] = (0..<(8 * classes)).map { _ in
          Double(Float(variable == .i ? random.uniform(0.2, 0.4) : random.uniform(0.5, 0.9)))
        }
      }
      let value = try Program(loss.formula, mode: mode).evaluate(inputs.converted(to: Float.self)).value
      let traced = try NodeTracer(loss.formula, mode: mode).trace(inputs, in: .fp32).values[loss.formula.root]
      for (x, y) in zip(traced, value) {
        #expect(abs(x - Double(y)) <= 1e-5 * max(1, x.magnitude), "\(loss.name): \(x) and \(y)")
      }
    }
  }

  /// The S-curves round inside: in the left tail 1 + f cancels to 0.
  @Test(arguments: ["Serf(X)", "Sgdf(X)", "Salf(X)", "Salf(Mul(1000,X))", "Salf(Mul(1e30,X))"])
  func fp32CurvesAreThoseOfTheCompiledProgram(text: String) throws {
    let formula = try Formula(parsing: text, mode: .binaryClass)
    let logits = stride(from: -40.0, through: 40, by: 0.25).map { $0 }
    var inputs = LossInputs<Double>(rows: logits.count, classes: 1)
    inputs[.x] = logits
    let compiled = try Program(formula, mode: .binaryClass).evaluate(inputs.converted(to: Float.self))
    let trace = try NodeTracer(formula, mode: .binaryClass).trace(inputs, in: .fp32)
    let root = try #require(formula.nodes.firstIndex(of: .variable(.x)))
    let slopes = try #require(compiled.gradients[.x])
    for (row, x) in logits.enumerated() {
      let (value, slope) = (Double(compiled.value[row]), Double(slopes[row]))
      #expect(abs(trace.values[formula.root][row] - value) <= 0x1p-22, "\(text) at \(x): \(value)")
      #expect(
        abs(trace.adjoints[root][row] - slope) <= 1e-5 * max(slope.magnitude, 0.01), "\(text) at \(x): slope \(slope)")
    }
  }

  private func same(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}

extension UInt64 {
  /// A number below a count that goes with the seed.
  fileprivate func hashedIndex(below count: Int) -> Int {
    var random = SeededGenerator(seed: self, stream: "place")
    return random.index(below: count)
  }
}
