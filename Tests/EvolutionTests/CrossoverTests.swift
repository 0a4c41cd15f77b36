import Evolution
import Formulas
import Randomness
import Testing

@Suite struct CrossoverTests {
  @Test func aPartOfTheDonorTakesThePlaceOfAPartOfTheReceiver() throws {
    let crossover = Crossover(smallGrammar(.regression, primitives: [.add, .mul, .neg], variables: [.u, .i, .e]))
    let receiver = try Formula(parsing: "Add(Neg(U),1)", mode: .regression)
    let donor = try Formula(parsing: "Mul(I,3)", mode: .regression)
    let all: Set = [
      "Add(Mul(I,3),1)", "Add(Neg(Mul(I,3)),1)", "Add(I,1)", "Add(Neg(I),1)", "Add(Neg(U),3)", "I",
    ]
    expectEventually(allowed: all, required: all) { crossover.child(of: receiver, and: donor, using: &$0) }
  }

  @Test func sharedPartsChangeTogetherOrOneByOne() throws {
    let crossover = Crossover(smallGrammar(.regression, primitives: [.add, .mul, .neg], variables: [.u, .i, .e]))
    let receiver = try Formula(parsing: "Mul(Neg(U),Neg(U))", mode: .regression)
    let donor = try Formula(parsing: "I", mode: .regression)
    let all: Set = ["Mul(I,I)", "Mul(I,Neg(U))", "Mul(Neg(U),I)", "Mul(Neg(I),Neg(I))"]
    expectEventually(allowed: all, required: all) { crossover.child(of: receiver, and: donor, using: &$0) }
  }

  @Test func shapesMeetOnlyTheirOwn() throws {
    let crossover = Crossover(Grammar(GrammarSettings(mode: .multiClass)))
    let receiver = try Formula(parsing: "Neg(Dot(Y,X))", mode: .multiClass)
    let donor = try Formula(parsing: "Abs(Dot(Z,2))", mode: .multiClass)
    let all: Set = [
      "Neg(Abs(Dot(Z,2)))", "Neg(Dot(Z,2))", "Neg(Dot(Z,X))", "Neg(Dot(Y,Z))", "Dot(Z,2)",
    ]
    expectEventually(allowed: all, required: all) { crossover.child(of: receiver, and: donor, using: &$0) }
  }

  @Test func equalParentsWithoutInnerPartsGiveNothing() throws {
    let crossover = Crossover(smallGrammar(.regression, primitives: [.neg], variables: [.u]))
    let formula = try Formula(parsing: "U", mode: .regression)
    var random = SeededGenerator(seed: 1)
    #expect(crossover.child(of: formula, and: formula, using: &random) == nil)
  }

  @Test func childrenOfGoodLossesAreLegal() throws {
    for (first, mode) in parents {
      for (second, _) in parents.filter({ $0.mode == mode }) {
        let settings = GrammarSettings(mode: mode)
        let crossover = Crossover(Grammar(settings))
        let receiver = try Formula(parsing: first, mode: mode)
        let donor = try Formula(parsing: second, mode: mode)
        var found = 0
        for seed in 0..<UInt64(200) {
          var random = SeededGenerator(seed: seed)
          guard let child = crossover.child(of: receiver, and: donor, using: &random) else { continue }
          found += 1
          #expect(faults(of: child, in: settings) == [], "seed \(seed): \(child)")
          #expect(child != receiver && child != donor, "seed \(seed)")
        }
        #expect(found > 0, "\(first) and \(second)")
      }
    }
  }
}
