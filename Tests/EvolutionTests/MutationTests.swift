import Evolution
import Formulas
import Randomness
import Testing

@Suite struct MutationTests {
  static let grammar = smallGrammar(
    .binaryClass, primitives: [.sig, .log, .mul, .sub], variables: [.x, .py], constants: [1, 2])

  /// Parent, kind, all that may come of it, and what has to come at least.
  static let table: [(parent: String, kind: MutationKind, allowed: Set<String>, required: Set<String>)] = [
    (
      "Mul(PY,Log(X))", .point,
      [
        "Sub(PY,Log(X))", "Mul(X,Log(X))", "Mul(1,Log(X))", "Mul(2,Log(X))", "Mul(PY,Sig(X))", "Mul(PY,Log(PY))",
        "Mul(PY,Log(1))", "Mul(PY,Log(2))",
      ],
      ["Sub(PY,Log(X))", "Mul(X,Log(X))", "Mul(2,Log(X))", "Mul(PY,Sig(X))", "Mul(PY,Log(PY))", "Mul(PY,Log(1))"]
    ),
    (
      "Sub(Mul(1,X),1)", .constant, ["Sub(Mul(2,X),2)", "Sub(Mul(2,X),1)", "Sub(Mul(1,X),2)"],
      ["Sub(Mul(2,X),2)", "Sub(Mul(2,X),1)", "Sub(Mul(1,X),2)"]
    ),
    ("Mul(PY,Log(X))", .constant, [], []),
    (
      "Log(Sig(Mul(X,PY)))", .hoist,
      ["Sig(Mul(X,PY))", "Mul(X,PY)", "X", "PY", "Log(Mul(X,PY))", "Log(X)", "Log(PY)", "Log(Sig(X))", "Log(Sig(PY))"],
      ["Sig(Mul(X,PY))", "Mul(X,PY)", "X", "PY", "Log(Mul(X,PY))", "Log(X)", "Log(PY)", "Log(Sig(X))", "Log(Sig(PY))"]
    ),
    (
      "Log(Sig(Mul(X,PY)))", .delete,
      ["Sig(Mul(X,PY))", "Log(Mul(X,PY))", "Log(Sig(X))", "Log(Sig(PY))"],
      ["Sig(Mul(X,PY))", "Log(Mul(X,PY))", "Log(Sig(X))", "Log(Sig(PY))"]
    ),
    ("Sub(1,X)", .delete, ["X"], ["X"]),
  ]

  @Test(arguments: table.indices) func onlyTheListedOutcomes(row: Int) throws {
    let (parent, kind, allowed, required) = Self.table[row]
    let formula = try Formula(parsing: parent, mode: .binaryClass)
    let mutation = Mutation(Self.grammar)
    expectEventually(allowed: allowed, required: required) { mutation.mutant(of: formula, kind: kind, using: &$0) }
  }

  @Test func insertPutsAPrimitiveAroundAPart() throws {
    var settings = VariationSettings()
    settings.insertDepth = 0
    let mutation = Mutation(Self.grammar, settings: settings)
    let formula = try Formula(parsing: "Log(X)", mode: .binaryClass)
    var all = Set<String>()
    for leaf in ["X", "PY", "1", "2"] {
      for primitive in ["Mul", "Sub"] {
        all.formUnion([
          "\(primitive)(Log(X),\(leaf))", "\(primitive)(\(leaf),Log(X))", "Log(\(primitive)(X,\(leaf)))",
          "Log(\(primitive)(\(leaf),X))",
        ])
      }
    }
    all.formUnion(["Log(Log(X))", "Sig(Log(X))", "Log(Sig(X))"])
    expectEventually(allowed: all, required: all) { mutation.mutant(of: formula, kind: .insert, using: &$0) }
  }

  @Test func subtreeKeepsTheRest() throws {
    var settings = VariationSettings()
    settings.subtreeDepth = 1
    let mutation = Mutation(Self.grammar, settings: settings)
    let formula = try Formula(parsing: "Log(X)", mode: .binaryClass)
    let all: Set = [
      "Log(PY)", "Log(Log(X))", "Log(Sig(X))", "Log(Log(PY))", "Log(Sig(PY))", "Log(Mul(X,X))", "Log(Mul(X,PY))",
      "Log(Mul(PY,X))", "Log(Mul(PY,PY))", "Log(Mul(X,1))", "Log(Mul(X,2))", "Log(Mul(1,X))", "Log(Mul(2,X))",
      "Log(Mul(PY,1))", "Log(Mul(PY,2))", "Log(Mul(1,PY))", "Log(Mul(2,PY))", "Log(Sub(X,X))", "Log(Sub(X,PY))",
      "Log(Sub(PY,X))", "Log(Sub(PY,PY))", "Log(Sub(X,1))", "Log(Sub(X,2))", "Log(Sub(1,X))", "Log(Sub(2,X))",
      "Log(Sub(PY,1))", "Log(Sub(PY,2))", "Log(Sub(1,PY))", "Log(Sub(2,PY))",
    ]
    expectEventually(allowed: all, required: all) { mutation.mutant(of: formula, kind: .subtree, using: &$0) }
  }

  @Test(arguments: parents.indices, MutationKind.allCases)
  func mutantsOfGoodLossesAreLegal(parent: Int, kind: MutationKind) throws {
    let (text, mode) = parents[parent]
    let formula = try Formula(parsing: text, mode: mode)
    let settings = GrammarSettings(mode: mode)
    let mutation = Mutation(Grammar(settings))
    var found = 0
    for seed in 0..<UInt64(300) {
      var random = SeededGenerator(seed: seed)
      guard let mutant = mutation.mutant(of: formula, kind: kind, using: &random) else { continue }
      found += 1
      #expect(faults(of: mutant, in: settings) == [], "seed \(seed): \(mutant)")
      #expect(mutant != formula, "seed \(seed)")
    }
    let hasLiteral = formula.nodes.contains { if case .constant = $0 { true } else { false } }
    #expect(found > 0 || (kind == .constant && !hasLiteral), "\(kind.rawValue) of \(text)")
  }

  @Test func chainsOfMutationsKeepToTheLimits() throws {
    let kinds = [MutationKind.insert, .subtree, .insert, .point, .constant]
    for (text, mode) in parents {
      var settings = GrammarSettings(mode: mode)
      settings.nodeLimit = 30
      settings.depthLimit = 11
      let mutation = Mutation(Grammar(settings))
      var formula = try Formula(parsing: text, mode: mode)
      var random = SeededGenerator(seed: 5, stream: text)
      for step in 0..<400 {
        let kind = kinds[random.index(below: kinds.count)]
        formula = mutation.mutant(of: formula, kind: kind, using: &random) ?? formula
        #expect(faults(of: formula, in: settings) == [], "step \(step): \(formula)")
      }
    }
  }
}
