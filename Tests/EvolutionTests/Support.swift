import Evolution
import Formulas
import Randomness
import Testing

/// A random operator judged by support: over many seeds, never outside `allowed`, and each of `required` at least once.
func expectEventually(
  allowed: Set<String>, required: Set<String>, draws: Int = 3_000, sourceLocation: SourceLocation = #_sourceLocation,
  _ draw: (inout SeededGenerator) -> Formula?
) {
  var missing = required
  for seed in 0..<UInt64(draws) {
    var random = SeededGenerator(seed: seed)
    guard let text = draw(&random)?.description else { continue }
    #expect(allowed.contains(text), "seed \(seed) gave \(text)", sourceLocation: sourceLocation)
    missing.remove(text)
    if !allowed.contains(text) { return }
  }
  #expect(missing.isEmpty, "never drawn: \(missing.sorted())", sourceLocation: sourceLocation)
}

/// A small grammar, so that every outcome can be listed.
func smallGrammar(
  _ mode: Mode, primitives: [Primitive], variables: [Variable], constants: [Double] = [1], depthLimit: Int = 12,
  nodeLimit: Int = 40
) -> Grammar {
  var settings = GrammarSettings(mode: mode)
  settings.primitives = primitives
  settings.variables = variables
  settings.constants = constants
  settings.depthLimit = depthLimit
  settings.nodeLimit = nodeLimit
  settings.maximumDepth = min(settings.maximumDepth, depthLimit)
  return Grammar(settings)
}

/// What the rules of the search space say of a formula, checked without the grammar: through text and shape check.
func faults(of formula: Formula, in settings: GrammarSettings) -> [String] {
  var faults: [String] = []
  do {
    let read = try Formula(parsing: formula.description, mode: settings.mode)
    if read != formula { faults.append("does not read back") }
    if try read.shape(in: settings.mode) != settings.mode.trainableShape { faults.append("wrong shape") }
    if try read.couplesSamples(in: settings.mode) { faults.append("couples samples") }
  } catch {
    faults.append(error.message)
  }
  faults += formula.originalToolIssues.map(\.message)
  if formula.depth > settings.depthLimit { faults.append("depth \(formula.depth)") }
  if formula.nodeCount > settings.nodeLimit { faults.append("\(formula.nodeCount) nodes") }
  for node in formula.nodes {
    if case .constant(let value) = node, !settings.constants.contains(value) { faults.append("constant \(value)") }
  }
  return faults
}

/// Losses to vary: the published finds and defaults that are formulas.
let parents: [(text: String, mode: Mode)] = [
  ("Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", .multiClass),
  ("Neg(Dot(Y,Log(Softmax(X))))", .multiClass),
  (
    "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
      + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))", .binaryClass
  ),
  ("Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))", .binaryClass),
  ("Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))", .regression),
  (
    "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
      + "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))", .regression
  ),
  ("Sub(1,Div(I,U))", .regression),
]
