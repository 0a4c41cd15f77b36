import Evolution
import Formulas
import Testing

@Suite struct EditSiteTests {
  /// A shared part: Sig(X) is used twice.
  static let shared = "Add(Sig(X),Mul(Sig(X),PY))"

  @Test func editingANodeChangesEveryUse() throws {
    let formula = try Formula(grammar: Self.shared)
    let sig = try #require(formula.nodes.firstIndex { if case .unary(.sig, _) = $0 { true } else { false } })
    let tanh = try Formula(grammar: "Tanh(X)")
    #expect(formula.editing(.node(sig), with: tanh).description == "Add(Tanh(X),Mul(Tanh(X),PY))")
    #expect(formula.arrows(to: sig).count == 2)
  }

  @Test func editingAnArrowChangesOneUse() throws {
    let formula = try Formula(grammar: Self.shared)
    let sig = try #require(formula.nodes.firstIndex { if case .unary(.sig, _) = $0 { true } else { false } })
    let tanh = try Formula(grammar: "Tanh(X)")
    let children = formula.arrows(to: sig).map { formula.editing($0, with: tanh).description }
    #expect(Set(children) == ["Add(Tanh(X),Mul(Sig(X),PY))", "Add(Sig(X),Mul(Tanh(X),PY))"])
  }

  @Test func bothArgumentsOfOneNodeAreTwoArrows() throws {
    let formula = try Formula(grammar: "Mul(X,X)")
    let py = try Formula(grammar: "PY")
    let children = formula.arrows(to: 0).map { formula.editing($0, with: py).description }
    #expect(children == ["Mul(PY,X)", "Mul(X,PY)"])
    #expect(formula.editing(.node(0), with: py).description == "Mul(PY,PY)")
    #expect(formula.editing(.node(formula.root), with: py).description == "PY")
  }
}
