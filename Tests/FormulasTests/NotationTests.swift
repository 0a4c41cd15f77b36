import Formulas
import Testing

/// Trees, infix, LaTeX and the names of generated source, by table.
@Suite struct NotationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let formula: String
    let infix: String
    let latex: String
    var testDescription: String { formula }
  }

  static let published: [Row] = [
    Row(
      formula: "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", infix: "−Σ(Y·(1 + sin(Z))·log(softmax(X)))",
      latex: #"-\sum Y \cdot (1 + \sin(Z)) \cdot \log(\operatorname{softmax}(X))"#),
    Row(
      formula: "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))", infix: "1 − (I / U − (E − (I + 2)) / E)",
      latex: #"1 - \left(\frac{I}{U} - \frac{E - (I + 2)}{E}\right)"#),
    Row(
      formula: "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
        + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))",
      infix: "−(Q·(1 + serf(σ(NY)))·log(σ(X)) + (sgdf(X) − Q)·(1 − Q − (1 − σ(X)))·log(1 − σ(X)))",
      latex: #"-(Q \cdot (1 + \operatorname{serf}(\sigma(\mathit{NY}))) \cdot \log(\sigma(X)) "#
        + #"+ (\operatorname{sgdf}(X) - Q) \cdot (1 - Q - (1 - \sigma(X))) \cdot \log(1 - \sigma(X)))"#),
    Row(
      formula: "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
        + "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))",
      infix: "−(−(−E + 1 + I) / (−(3 + 2 + U)) + E / E + (−E / (−1))) / (−(−(U + I / 1) / (−3) − E))",
      latex: #"-\frac{\frac{-(-E + 1 + I)}{-(3 + 2 + U)} + \frac{E}{E} + \frac{-E}{-1}}"#
        + #"{-\left(\frac{-\left(U + \frac{I}{1}\right)}{-3} - E\right)}"#),
    Row(
      formula: "Mul(Mul(Sub(Q,Sig(X)),Sub(Q,Sig(X))),Sub(Softplus(X),Mul(Q,X)))",
      infix: "(Q − σ(X))²·(softplus(X) − Q·X)",
      latex: #"(Q - \sigma(X))^{2} \cdot (\operatorname{softplus}(X) - Q \cdot X)"#),
    Row(formula: "Neg(Log(Div(I,U)))", infix: "−log(I / U)", latex: #"-\log\left(\frac{I}{U}\right)"#),
  ]

  static let precedence: [Row] = [
    Row(formula: "Sub(X,Sub(Y,Z))", infix: "X − (Y − Z)", latex: "X - (Y - Z)"),
    Row(formula: "Sub(Sub(X,Y),Z)", infix: "X − Y − Z", latex: "X - Y - Z"),
    Row(formula: "Add(X,Sub(Y,Z))", infix: "X + Y − Z", latex: "X + Y - Z"),
    Row(formula: "Add(X,Add(Neg(Y),Z))", infix: "X + (−Y + Z)", latex: "X + (-Y + Z)"),
    Row(formula: "Neg(Neg(X))", infix: "−(−X)", latex: "-(-X)"),
    Row(formula: "Neg(Add(X,Y))", infix: "−(X + Y)", latex: "-(X + Y)"),
    Row(formula: "Neg(Mul(X,Y))", infix: "−X·Y", latex: #"-X \cdot Y"#),
    Row(formula: "Mul(Neg(X),Y)", infix: "−X·Y", latex: #"-X \cdot Y"#),
    Row(formula: "Mul(X,Neg(Y))", infix: "X·(−Y)", latex: #"X \cdot (-Y)"#),
    Row(formula: "Mul(X,Mul(Y,Z))", infix: "X·Y·Z", latex: #"X \cdot Y \cdot Z"#),
    Row(formula: "Mul(X,Div(Y,Z))", infix: "X·(Y / Z)", latex: #"X \cdot \frac{Y}{Z}"#),
    Row(formula: "Mul(Neg(Div(X,Y)),Z)", infix: "(−X / Y)·Z", latex: #"-\frac{X}{Y} \cdot Z"#),
    Row(formula: "Div(Mul(X,Y),Mul(Y,Z))", infix: "X·Y / (Y·Z)", latex: #"\frac{X \cdot Y}{Y \cdot Z}"#),
    Row(formula: "Div(Div(X,Y),Z)", infix: "(X / Y) / Z", latex: #"\frac{\frac{X}{Y}}{Z}"#),
    Row(formula: "Div(X,Div(Y,Z))", infix: "X / (Y / Z)", latex: #"\frac{X}{\frac{Y}{Z}}"#),
    Row(formula: "Div(X,Neg(Y))", infix: "X / (−Y)", latex: #"\frac{X}{-Y}"#),
    Row(formula: "Mul(X,X)", infix: "X²", latex: "X^{2}"),
    Row(formula: "Mul(Neg(X),Neg(X))", infix: "(−X)²", latex: "(-X)^{2}"),
    Row(formula: "Mul(Div(X,Y),Div(X,Y))", infix: "(X / Y)²", latex: #"\left(\frac{X}{Y}\right)^{2}"#),
    Row(formula: "Mul(Sqrt(X),Sqrt(X))", infix: "(√X)²", latex: #"\sqrt{X}^{2}"#),
    Row(formula: "Sqrt(Mul(X,X))", infix: "√(X²)", latex: #"\sqrt{X^{2}}"#),
    Row(formula: "Sqrt(Sqrt(X))", infix: "√(√X)", latex: #"\sqrt{\sqrt{X}}"#),
    Row(
      formula: "Abs(Sub(Abs(X),Abs(Y)))", infix: "||X| − |Y||", latex: #"\lvert \lvert X\rvert - \lvert Y\rvert\rvert"#),
    Row(formula: "Add(X,-3)", infix: "X − 3", latex: "X - 3"),
    Row(formula: "Sub(X,-3)", infix: "X − (−3)", latex: "X - (-3)"),
    Row(formula: "Mul(-2,X)", infix: "−2·X", latex: #"-2 \cdot X"#),
    Row(formula: "Mul(X,1e-7)", infix: "X·1e-07", latex: #"X \cdot 1 \times 10^{-7}"#),
    Row(formula: "Relu(X)", infix: "max(0, X)", latex: #"\max(0, X)"#),
    Row(formula: "Dot(1,X)", infix: "Σ(X)", latex: #"\sum X"#),
    Row(formula: "Dot(Neg(X),Y)", infix: "Σ(−X·Y)", latex: #"\sum (-X) \cdot Y"#),
    Row(formula: "Mul(Dot(X,Y),2)", infix: "Σ(X·Y)·2", latex: #"\left(\sum X \cdot Y\right) \cdot 2"#),
    Row(formula: "Add(Dot(X,Y),1)", infix: "Σ(X·Y) + 1", latex: #"\sum X \cdot Y + 1"#),
  ]

  @Test(arguments: published + precedence) func mathematics(row: Row) throws {
    let formula = try Formula(grammar: row.formula)
    #expect(formula.infix == row.infix)
    #expect(formula.latex == row.latex)
  }

  @Test func aTreeDrawsSharedPartsOnce() throws {
    let formula = try Formula(parsing: "Add(Mul(Sig(X),Log(Sig(X))),Neg(Sig(X)))", mode: .binaryClass)
    #expect(
      formula.tree == """
        Add
        ├─ Mul
        │  ├─ Sig #1
        │  │  └─ X
        │  └─ Log
        │     └─ Sig → #1
        └─ Neg
           └─ Sig → #1
        """)
    #expect(formula.tree { formula.nodes[$0].isLeaf ? "leaf" : nil }.contains("└─ X  leaf"))
  }

  @Test func theLegendNamesWhatIsNotCommon() throws {
    let formula = try Formula(parsing: "Neg(Add(Div(Sig(X),Q),Abs(Sin(X))))", mode: .binaryClass)
    #expect(formula.legend == ["σ(a) = 1 ÷ (1 + e^(−a))", "a / b = a ÷ (b + 10⁻²⁰)"])
  }

  @Test(arguments: [
    ("cse-autoloss-a", "CseAutolossALoss"), ("GIoU loss", "GIoULoss"), ("class", "ClassLoss"), ("None", "NoneLoss"),
    ("3 quarters", "Loss3QuartersLoss"), ("", "Loss"), ("loss", "Loss"), ("\"\"\"\nimport os", "ImportOsLoss"),
    ("*/ fatalError() //", "FatalErrorLoss"), ("Ünïcode \u{202E}x", "NCodeXLoss"),
    (String(repeating: "a", count: 300), "A" + String(repeating: "a", count: 59) + "Loss"),
  ]) func aNameBecomesAnIdentifier(name: String, type: String) throws {
    let formula = try Formula(parsing: "Neg(Log(Div(I,U)))", mode: .regression)
    #expect(try PythonModule(formula, mode: .regression, name: name).className == type)
    #expect(try SwiftSource(formula, mode: .regression, name: name).typeName == type)
    let python = try PythonModule(formula, mode: .regression, name: name).source
    #expect(python.contains("class \(type)(nn.Module):"))
    #expect(python.utf8.allSatisfy { $0 < 0x80 })
  }

  /// A scalar eps would be dropped by the optimizer of ONNX graphs.
  @Test(arguments: [
    ("Div(I,U)", "_div(I, U)"), ("Div(I,3)", "_div(I, _constant(3.0, like=I))"), ("Log(U)", "_log(U)"),
    ("Div(3,U)", "_div(_constant(3.0, like=U), U)"),
  ])
  func guardsHaveAnAxis(text: String, line: String) throws {
    let formula = try Formula(parsing: text, mode: .regression)
    let source = try PythonModule(formula, mode: .regression, name: "a").source
    #expect(source.contains("return \(line)\n"))
    #expect(source.contains("def _shifted(a: Tensor) -> Tensor:"))
    #expect(!source.contains("+ EPSILON"))
  }

  @Test func aFormulaOfAnotherModeHasNoSource() throws {
    let formula = try Formula(grammar: "Add(U,X)")
    #expect(throws: FormulaError.self) { try PythonModule(formula, mode: .multiClass, name: "a") }
    #expect(throws: FormulaError.self) { try SwiftSource(formula, mode: .regression, name: "a") }
  }

  /// Deeper than anything that is parsed, and 2^60 nodes as a tree: only what draws shared parts once can write it.
  @Test func depthAndSharingDoNoHarm() throws {
    var deep = FormulaBuilder()
    var chain = deep.variable(.x)
    for _ in 0..<3000 { chain = deep.unary(.tanh, chain) }
    let long = deep.build(root: chain)
    #expect(long.infix.count == 3000 * 6 + 1)
    #expect(long.latex.count == 3000 * 7 + 1)
    #expect(long.tree.split(separator: "\n").count == 3001)
    #expect(try PythonModule(long, mode: .binaryClass, name: "deep").source.contains("tanh"))
    var builder = FormulaBuilder()
    var node = builder.variable(.x)
    for _ in 0..<60 { node = builder.binary(.mul, builder.unary(.tanh, node), builder.unary(.sin, node)) }
    let shared = builder.build(root: node)
    #expect(shared.tree.split(separator: "\n").count == 2 * 2 * 60 + 1)
    #expect(shared.infix.hasPrefix("p1 = tanh(X)·sin(X); p2 = tanh(p1)·sin(p1); "))
    #expect(shared.latex.hasPrefix(#"p_{1} = \tanh(X) \cdot \sin(X);\; p_{2} = "#))
    #expect(shared.infix.utf8.count < 2000)
    #expect(try PythonModule(shared, mode: .binaryClass, name: "shared").source.utf8.count < 10_000)
    #expect(try SwiftSource(shared, mode: .binaryClass, name: "shared").source.utf8.count < 40_000)
  }
}
