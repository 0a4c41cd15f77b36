import Evolution
import Formulas
import Randomness
import Testing

@Suite struct FormulaGeneratorTests {
  @Test(arguments: Mode.allCases, GenerationMethod.allCases)
  func everyFormulaIsLegalAndEveryPartOccurs(mode: Mode, method: GenerationMethod) throws {
    var settings = GrammarSettings(mode: mode)
    settings.method = method
    #expect(settings.problems == [])
    let grammar = Grammar(settings)
    let generator = FormulaGenerator(grammar)
    var primitives = Set<Primitive>()
    var leaves = Set<Node>()
    var depths = Set<Int>()
    for seed in 0..<UInt64(2_000) {
      var random = SeededGenerator(seed: seed)
      let formula = try #require(generator.formula(using: &random), "seed \(seed)")
      #expect(faults(of: formula, in: settings) == [], "seed \(seed): \(formula)")
      #expect(grammar.accepts(formula), "seed \(seed): \(formula)")
      depths.insert(formula.depth)
      for node in formula.nodes {
        switch node {
        case .variable, .constant: leaves.insert(node)
        case .unary(let primitive, _), .binary(let primitive, _, _): primitives.insert(primitive)
        }
      }
    }
    #expect(primitives == Set(mode.primitives))
    #expect(leaves == Set(mode.variables.map(Node.variable) + [.constant(1), .constant(2), .constant(3)]))
    #expect(depths.isSubset(of: Set(1...settings.maximumDepth)))
    #expect(depths.isSuperset(of: Set(settings.minimumDepth...settings.maximumDepth)))
  }

  @Test func aSmallGrammarGivesExactlyItsFormulas() {
    let grammar = smallGrammar(.multiClass, primitives: [.dot, .sin], variables: [.x, .y], depthLimit: 2)
    let generator = FormulaGenerator(grammar)
    let elements = ["X", "Y", "Sin(X)", "Sin(Y)"]
    var all = Set<String>()
    for left in elements {
      all.insert("Dot(\(left),1)")
      all.insert("Dot(1,\(left))")
      for right in elements { all.insert("Dot(\(left),\(right))") }
    }
    for inner in ["Dot(X,Y)", "Dot(X,1)", "Dot(1,Y)", "Dot(Y,Y)"] { all.insert("Sin(\(inner))") }
    for inner in ["Dot(Y,X)", "Dot(X,X)", "Dot(Y,1)", "Dot(1,X)"] { all.insert("Sin(\(inner))") }
    expectEventually(allowed: all, required: all) { generator.formula(using: &$0) }
  }

  @Test func aLiteralIsNeverAnArgumentOfSinOrCos() throws {
    let grammar = smallGrammar(.regression, primitives: [.sin, .cos, .neg, .mul], variables: [.u, .i, .e])
    let generator = FormulaGenerator(grammar)
    var computed = 0
    for seed in 0..<UInt64(3_000) {
      var random = SeededGenerator(seed: seed)
      let part = try #require(generator.formula(of: .one, depth: 4, method: .full, using: &random), "seed \(seed)")
      #expect(part.originalToolIssues == [], "seed \(seed): \(part)")
      if part.description.contains("Sin(Neg(1))") { computed += 1 }
    }
    #expect(computed > 0)
  }

  @Test func theNodeLimitHolds() throws {
    var settings = GrammarSettings(mode: .regression)
    settings.nodeLimit = 6
    settings.method = .full
    let generator = FormulaGenerator(Grammar(settings))
    for seed in 0..<UInt64(500) {
      var random = SeededGenerator(seed: seed)
      let formula = try #require(generator.formula(using: &random), "seed \(seed)")
      #expect(formula.nodeCount <= 6, "seed \(seed): \(formula)")
    }
  }

  @Test func contradictorySettingsAreNamed() {
    func problems(_ mode: Mode, _ change: (inout GrammarSettings) -> Void) -> String {
      var settings = GrammarSettings(mode: mode)
      change(&settings)
      return settings.problems.joined(separator: "; ")
    }
    #expect(problems(.regression) { $0.primitives.append(.dot) }.contains("Dot is none of REG"))
    #expect(problems(.regression) { $0.variables.append(.x) }.contains("X is none of REG"))
    #expect(problems(.multiClass) { $0.primitives = [.log, .softmax] }.contains("no formula of these primitives"))
    #expect(problems(.multiClass) { $0.variables = [.y, .z] }.contains("depends on the prediction"))
    #expect(problems(.binaryClass) { $0.constants = [] }.contains("constants"))
    #expect(problems(.binaryClass) { $0.depthLimit = 2 }.contains("depthLimit"))
    #expect(problems(.binaryClass) { $0.minimumDepth = 9 }.contains("maximumDepth"))
    #expect(problems(.binaryClass) { $0.leafProbability = 2 }.contains("leafProbability"))
  }
}
