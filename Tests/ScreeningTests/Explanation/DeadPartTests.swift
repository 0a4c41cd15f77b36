import Formulas
import Losses
import Screening
import Testing

@Suite struct DeadPartTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let mode: Mode
    let text: String
    /// "part: finding", in the order in which they are found.
    let parts: [String]
    var testDescription: String { text }
  }

  static let rows = [
    Row(mode: .multiClass, text: "Neg(Dot(Y,Log(Softmax(X))))", parts: []),
    Row(mode: .multiClass, text: "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", parts: []),
    Row(mode: .multiClass, text: "Neg(Dot(Mul(Y,Y),Log(Softmax(X))))", parts: ["Mul(Y,Y): always equal"]),
    Row(mode: .multiClass, text: "Dot(Y,Sub(X,X))", parts: ["Dot(Y,Sub(X,X)): always 0"]),
    Row(
      mode: .multiClass, text: "Add(Neg(Dot(Y,Log(Softmax(X)))),Dot(Y,Z))",
      parts: ["Dot(Y,Z): shifts the value, never the gradient"]),
    Row(
      mode: .multiClass, text: "Neg(Dot(Y,Log(Softmax(Add(X,3)))))", parts: ["3: no influence on value or gradient"]),
    Row(
      mode: .binaryClass, text: "Add(Sub(Softplus(X),Mul(PY,X)),Mul(Mul(Q,NY),Exp(X)))",
      parts: ["Mul(Mul(Q,NY),Exp(X)): always 0"]),
    Row(
      mode: .binaryClass, text: "Sub(Softplus(X),Mul(Q,Mul(Add(1,Sin(NY)),X)))",
      parts: ["Add(1,Sin(NY)): 1 wherever it has influence"]),
    Row(
      mode: .binaryClass, text: "Sub(Softplus(X),Mul(Mul(PY,Add(2,3)),X))", parts: ["Add(2,3): always 5"]),
    Row(mode: .regression, text: "Sub(1,Div(I,U))", parts: ["1: shifts the value, never the gradient"]),
    Row(
      mode: .regression, text: "Neg(Div(Relu(I),U))", parts: ["Relu(I): always equal to its argument I"]),
    Row(
      mode: .regression, text: "Neg(Div(I,Mul(U,Div(E,E))))", parts: ["Mul(U,Div(E,E)): always equal to its argument U"]
    ),
    Row(mode: .regression, text: "Neg(Div(I,Exp(Log(U))))", parts: []),
    Row(mode: .regression, text: "Neg(Div(I,U))", parts: []),
  ]

  @Test(arguments: rows) func deadPartsAreFound(row: Row) throws {
    let parts = try Explanation(try Formula(parsing: row.text, mode: row.mode), mode: row.mode).deadParts
    let found = parts.map { "\($0.part): \($0.message)" }
    #expect(found.count == row.parts.count, "\(found)")
    for (text, expected) in zip(found, row.parts) { #expect(text.hasPrefix(expected), "\(found)") }
  }

  /// Q is nonzero only where NY = 0, and Serf(Sig(0)) = (1 + erf(√π/8)) / 2 = 0.6230.
  @Test func thePublishedLossHoldsDeadCode() throws {
    let formula = try #require(BuiltInLoss.cseAutolossB.formula(in: .binaryClass))
    let parts = try Explanation(formula, mode: .binaryClass).deadParts
    let weight = try #require(parts.first { $0.part == "Add(1,Serf(Sig(NY)))" }, "\(parts)")
    #expect(weight.kind == .constantWhereUsed && weight.replacement == "1.623" && weight.isDeadCode)
  }

  /// A number that Float does not have makes nan of what is a number in Double.
  private func isHeldByFloat(_ node: Node) -> Bool {
    if case .constant(let value) = node { Float(value).isFinite } else { true }
  }

  /// A part that is found dead can be replaced by what is said, without a change of the gradient on other inputs.
  @Test(arguments: Mode.allCases) func replacementsKeepTheGradient(mode: Mode) throws {
    var replaced = 0
    for seed in 0..<UInt64(1_500) {
      let formula = randomLegalFormula(mode, seed: seed)
      guard (try formula.shape(in: mode)) == mode.trainableShape, formula.mentionsPrediction(in: mode),
        formula.nodes.allSatisfy(isHeldByFloat)
      else { continue }
      for part in try Explanation(formula, mode: mode).deadParts
      where part.isDeadCode && part.kind != .sameAsArgument && part.node != formula.root {
        var builder = FormulaBuilder()
        let number = builder.constant(part.number ?? 0.25)
        let other = formula.replacing(node: part.node, with: builder.build(root: number))
        guard (try? other.shape(in: mode)) == mode.trainableShape,
          let before = GradientFingerprint(formula, mode: mode), let after = GradientFingerprint(other, mode: mode)
        else { continue }
        replaced += 1
        #expect(before == after, "seed \(seed): \(formula), \(part.part)")
      }
    }
    #expect(replaced > 10)
  }
}
