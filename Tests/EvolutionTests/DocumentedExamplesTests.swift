import Evolution
import Formulas
import Randomness
import Testing

/// Holds the examples of docs/variation.md against what the operators do.
@Suite struct DocumentedExamplesTests {
  static let focal = "Neg(Dot(Mul(Y,Sub(1,Softmax(X))),Log(Softmax(X))))"

  private func occurs(_ wanted: String, draws: Int = 20_000, _ draw: (inout SeededGenerator) -> Formula?) -> Bool {
    (0..<UInt64(draws)).contains { seed in
      var random = SeededGenerator(seed: seed)
      return draw(&random)?.description == wanted
    }
  }

  @Test func theFocalLossHasNineNodes() throws {
    let formula = try Formula(parsing: Self.focal, mode: .multiClass)
    #expect(formula.nodeCount == 9)
    #expect(formula.treeSize == 11)
  }

  @Test(arguments: [
    "Neg(Dot(Mul(Y,Sub(1,Sig(X))),Log(Sig(X))))", "Neg(Dot(Mul(Y,Sub(1,Sig(X))),Log(Softmax(X))))",
  ]) func sharedParts(child: String) throws {
    let parent = try Formula(parsing: Self.focal, mode: .multiClass)
    let mutation = Mutation(Grammar(GrammarSettings(mode: .multiClass)))
    #expect(occurs(child) { mutation.mutant(of: parent, kind: .point, using: &$0) })
  }

  @Test func crossover() throws {
    let receiver = try Formula(parsing: Self.focal, mode: .multiClass)
    let donor = try Formula(parsing: "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", mode: .multiClass)
    let child = "Neg(Dot(Mul(Mul(Y,Add(1,Sin(Z))),Sub(1,Softmax(X))),Log(Softmax(X))))"
    let crossover = Crossover(Grammar(GrammarSettings(mode: .multiClass)))
    #expect(occurs(child) { crossover.child(of: receiver, and: donor, using: &$0) })
  }

  @Test(arguments: [
    (MutationKind.point, "Neg(Log(Div(I,U)))", "Neg(Sqrt(Div(I,U)))"),
    (.constant, "Add(1,Div(I,U))", "Add(2,Div(I,U))"),
    (.hoist, "Neg(Log(Div(I,U)))", "Neg(U)"),
    (.insert, "Neg(Log(Div(I,U)))", "Neg(Log(Sqrt(Div(I,U))))"),
    (.delete, "Neg(Log(Div(I,U)))", "Log(Div(I,U))"),
    (.subtree, "Neg(Log(Div(I,U)))", "Neg(Log(Div(I,Add(E,1))))"),
  ]) func mutations(kind: MutationKind, parent: String, child: String) throws {
    let formula = try Formula(parsing: parent, mode: .regression)
    let mutation = Mutation(Grammar(GrammarSettings(mode: .regression)))
    #expect(occurs(child) { mutation.mutant(of: formula, kind: kind, using: &$0) })
  }
}
