import Formulas
import Testing

/// The graph: sharing, counts, surgery, shapes.
@Suite struct FormulaTests {
  private func parse(_ text: String, _ mode: Mode = .multiClass) throws -> Formula {
    try Formula(parsing: text, mode: mode)
  }

  @Test func equalPartsAreStoredOnce() throws {
    let formula = try parse("Mul(Sub(1,Softmax(X)),Sub(1,Softmax(X)))")
    #expect(formula.nodeCount == 5)
    #expect(formula.treeSize == 9)
    #expect(formula.depth == 3)
    #expect(
      formula.nodes == [.constant(1), .variable(.x), .unary(.softmax, 1), .binary(.sub, 0, 2), .binary(.mul, 3, 3)])
    #expect(formula.heights == [0, 0, 1, 2, 3])
    #expect(formula.variables == [.x])
  }

  @Test func buildersInAnyOrderGiveEqualFormulas() throws {
    var builder = FormulaBuilder()
    let unused = builder.variable(.z)
    let one = builder.constant(1)
    let x = builder.variable(.x)
    let root = builder.binary(.add, builder.unary(.exp, x), one)
    _ = builder.unary(.neg, unused)
    let formula = builder.build(root: root)
    #expect(try formula == parse("Add(Exp(X),1)"))
    #expect(try formula.hashValue == parse("Add(Exp(X),1)").hashValue)
    #expect(formula.nodeCount == 4)
    #expect(builder.variable(.x) == x)
  }

  @Test func deepSharingCountsWithoutOverflow() {
    var builder = FormulaBuilder()
    var node = builder.variable(.x)
    for _ in 0..<100 { node = builder.binary(.add, node, node) }
    let formula = builder.build(root: node)
    #expect(formula.nodeCount == 101)
    #expect(formula.treeSize == .max)
    #expect(formula.depth == 100)
  }

  @Test func partsAreTakenOutAndReplaced() throws {
    let formula = try parse("Add(Exp(X),Mul(Exp(X),Y))")
    let exp = try #require(formula.nodes.firstIndex { $0 == .unary(.exp, 0) })
    #expect(formula.subformula(at: exp).description == "Exp(X)")
    #expect(try formula.replacing(node: exp, with: parse("Z")).description == "Add(Z,Mul(Z,Y))")
    #expect(try formula.replacing(node: formula.root, with: parse("Log(Z)")).description == "Log(Z)")
    let y = try #require(formula.nodes.firstIndex(of: .variable(.y)))
    // The new part holds the old one and is not replaced again.
    #expect(try formula.replacing(node: y, with: parse("Neg(Y)")).description == "Add(Exp(X),Mul(Exp(X),Neg(Y)))")
  }

  /// Formula, array shape, what the result is for, whether it couples samples.
  @Test(arguments: [
    ("X", Mode.multiClass, ValueShape.perElement, Shape.perElement, false),
    ("Dot(X,Y)", .multiClass, .perSample, .perSample, false), ("Dot(X,2)", .multiClass, .perSample, .perSample, false),
    ("Dot(1,2)", .multiClass, .rankZero, .scalar, false), ("Dot(Dot(1,2),3)", .multiClass, .rankZero, .scalar, false),
    ("Dot(Dot(X,Y),1)", .multiClass, .rankZero, .batchScalar, true),
    ("Serf(Dot(Dot(X,Y),1))", .multiClass, .one, .batchScalar, true),
    ("Tanh(Dot(Dot(X,Y),1))", .multiClass, .rankZero, .batchScalar, true),
    ("Sgdf(Dot(1,2))", .multiClass, .one, .scalar, false),
    ("Add(X,Dot(Dot(X,Y),1))", .multiClass, .perElement, .perElement, true),
    ("Dot(X,Dot(Dot(X,Y),1))", .multiClass, .perSample, .perSample, true),
    ("Dot(Dot(Dot(X,Y),1),Dot(X,Y))", .multiClass, .rankZero, .batchScalar, true),
    ("Dot(Serf(Dot(1,2)),Dot(1,2))", .multiClass, .rankZero, .scalar, false),
    ("Add(1,2)", .multiClass, .one, .scalar, false), ("Mul(Dot(1,2),3)", .multiClass, .one, .scalar, false),
    ("Softmax(Mul(X,PY))", .binaryClass, .perElement, .perElement, false),
    ("Div(I,U)", .regression, .perSample, .perSample, false), ("Neg(2)", .regression, .one, .scalar, false),
  ]) func shapes(text: String, mode: Mode, value: ValueShape, shape: Shape, couples: Bool) throws {
    let formula = try parse(text, mode)
    let root = try #require(formula.nodeShapes(in: mode).last)
    #expect(root == NodeShape(value, couplesSamples: couples))
    #expect(try formula.shape(in: mode) == shape)
    #expect(try formula.couplesSamples(in: mode) == couples)
  }

  @Test func theOriginalToolsLimitsAreReported() throws {
    #expect(try parse("Mul(Sin(1),Cos(2))").originalToolIssues.map(\.part) == ["Sin(1)", "Cos(2)"])
    #expect(try parse("Sin(Neg(1))").originalToolIssues.isEmpty)
    #expect(try parse("3").originalToolIssues.map(\.kind) == [.bareLiteral])
    for (text, mode) in publishedFormulas { #expect(try parse(text, mode).originalToolIssues.isEmpty) }
  }

  @Test(arguments: [
    ("Softmx", "Softmax" as String?), ("relu", "Relu"), ("Sigm", "Sig"), ("Expp", "Exp"), ("Sofplus", "Softplus"),
    ("Quantile", nil),
    ("Anything", nil), ("Dto", "Dot"),
  ]) func suggestions(name: String, expected: String?) {
    #expect(NameSuggestion.nearest(to: name, among: Primitive.allCases.map(\.rawValue)) == expected)
  }
}
