import Formulas
import Foundation
import Testing

@Suite struct ParsingTests {
  @Test(arguments: publishedFormulas) func publishedStringsPrintBackUnchanged(text: String, mode: Mode) throws {
    let (formula, found) = try Formula.parse(text, mode: nil)
    #expect(formula.description == text)
    #expect(found == mode)
    #expect(try formula.shape(in: mode) == mode.trainableShape)
    let coded = try JSONDecoder().decode(Formula.self, from: JSONEncoder().encode(formula))
    #expect(coded == formula)
  }

  /// Text, what it prints as.
  @Test(arguments: [
    (" Add ( X ,\n 1 ) ", "Add(X,1)"), ("Add(X,-2)", "Add(X,-2)"), ("Add(X,0.50)", "Add(X,0.5)"),
    ("Add(X,1e-3)", "Add(X,0.001)"), ("Add(X,1.5e+300)", "Add(X,1.5e+300)"), ("Add(X,3.0)", "Add(X,3)"),
    ("Add(X,-0)", "Add(X,0)"), ("Add(X,1e2)", "Add(X,100)"), ("Add(X,007)", "Add(X,7)"),
    ("Add(X,12345678901234567890)", "Add(X,1.2345678901234567e+19)"), ("X", "X"), ("-3", "-3"),
    ("-9223372036854775808", "-9.223372036854776e+18"),
  ]) func printingIsTheShortestSpelling(text: String, printed: String) throws {
    let formula = try Formula(parsing: text, mode: .multiClass)
    #expect(formula.description == printed)
    #expect(try Formula(parsing: printed, mode: .multiClass) == formula)
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    let text: String
    let mode: Mode?
    let code: String
    let offset: Int
    let words: String
    init(_ text: String, _ mode: Mode?, _ code: String, _ offset: Int, _ words: String = "") {
      (self.text, self.mode, self.code, self.offset, self.words) = (text, mode, code, offset, words)
    }
    var testDescription: String { "\(code): \(text.prefix(60))" }
  }

  static let faults: [Fault] = [
    Fault("", nil, "empty", 0, "Neg(Dot("), Fault("   ", nil, "empty", 3),
    Fault("Softmx(X)", .multiClass, "unknownName", 0, "did you mean 'Softmax'?"),
    Fault("Neg(softmax(X))", .multiClass, "unknownName", 4, "did you mean 'Softmax'?"),
    Fault("Neg(x)", .multiClass, "unknownName", 4, "did you mean 'X'?"),
    Fault("Max(X,Y)", .multiClass, "unknownName", 0), Fault("W", .multiClass, "unknownName", 0),
    Fault("Neg(Quantile)", .multiClass, "unknownName", 4, "no 'Quantile'"),
    Fault("Add(X,Q)", .multiClass, "variableNotOfMode", 6, "BINARY_CLS"),
    Fault("Y", .binaryClass, "variableNotOfMode", 0, "MULTI_CLS"),
    Fault("Dot(X,PY)", .binaryClass, "primitiveNotOfMode", 0, "MULTI_CLS"),
    Fault("Neg(Softmax(U))", .regression, "primitiveNotOfMode", 4, "MULTI_CLS, BINARY_CLS"),
    Fault("Add(Y,Add(1,Q))", nil, "mixedModes", 12, "Q and Y"),
    Fault("Add(Serf(Y),U)", nil, "mixedModes", 12), Fault("Dot(U,I)", nil, "mixedModes", 4),
    Fault("Sig(X)", nil, "ambiguousMode", 0, "MULTI_CLS or BINARY_CLS"), Fault("3", nil, "ambiguousMode", 0, "--mode"),
    Fault("Add(X)", .multiClass, "tooFewArguments", 5, "2 arguments, not 1"),
    Fault("Add()", .multiClass, "tooFewArguments", 4), Fault("Neg()", .multiClass, "missingArgument", 4),
    Fault("Neg(X,Y)", .multiClass, "tooManyArguments", 5), Fault("Add(X,Y,Z)", .multiClass, "tooManyArguments", 7),
    Fault("Neg", .multiClass, "missingParenthesis", 3), Fault("Neg X", .multiClass, "missingParenthesis", 4),
    Fault("Add(Neg,X)", .multiClass, "missingParenthesis", 7),
    Fault("Neg(X", .multiClass, "unclosedParenthesis", 5),
    Fault("Add(Neg(X),Y", .multiClass, "unclosedParenthesis", 12),
    Fault("Add(X,", .multiClass, "tooFewArguments", 6), Fault("Neg(", .multiClass, "tooFewArguments", 4),
    Fault("Add(X Y)", .multiClass, "tooFewArguments", 6), Fault("X(1)", .multiClass, "variableCalled", 1),
    Fault("Neg(X))", .multiClass, "trailingText", 6), Fault("X Y", .multiClass, "trailingText", 2),
    Fault("Neg(X) # loss", .multiClass, "unexpectedCharacter", 7), Fault("(X)", .multiClass, "unexpectedCharacter", 0),
    Fault("Add(,X)", .multiClass, "missingArgument", 4), Fault(")", .multiClass, "unexpectedCharacter", 0),
    Fault("Add(X;Y)", .multiClass, "unexpectedCharacter", 5, "';'"),
    Fault("X*Y", .multiClass, "unexpectedCharacter", 1, "no operators; write Add(a,b)"),
    Fault("X-Y", .multiClass, "badNumber", 1, "no operators"), Fault("1-X", .multiClass, "badNumber", 0, "Sub(a,b)"),
    Fault("Add(X,1-e5)", .multiClass, "badNumber", 6, "no operators"),
    Fault("Add(X,2e--5)", .multiClass, "badNumber", 6, "no operators"),
    Fault("Neg[X]", .multiClass, "unexpectedCharacter", 3, "parentheses ( )"),
    Fault("\"X\"", .multiClass, "unexpectedCharacter", 0, "quotation marks"),
    Fault("Add(X,−1)", .multiClass, "nonASCII", 6, "no operators"),
    Fault("“X”", .multiClass, "nonASCII", 0, "quotation marks"), Fault("Add(X，Y)", .multiClass, "nonASCII", 5, "','"),
    Fault("Add(X Y)", .multiClass, "tooFewArguments", 6, "write ',' between them here"),
    Fault("Add(X,inf)", .multiClass, "unknownName", 6, "the names are Neg, "),
    Fault("Neg(X\u{1})", .multiClass, "unexpectedCharacter", 5), Fault("Neg(É)", .multiClass, "nonASCII", 4, "'É'"),
    Fault("Nég(X)", .multiClass, "nonASCII", 1, "'é' (U+00E9)"),
    Fault("Ne\u{301}g(X)", .multiClass, "nonASCII", 2, "U+0301"), Fault("Add(X,Yˣ)", .multiClass, "nonASCII", 7),
    Fault("Neg(\u{1F600})", .multiClass, "nonASCII", 4), Fault("Neg(X\u{00A0})", .multiClass, "nonASCII", 5),
    Fault("Add(X,1.)", .multiClass, "badNumber", 6), Fault("Add(X,.5)", .multiClass, "badNumber", 6),
    Fault("Add(X,--1)", .multiClass, "badNumber", 6), Fault("Add(X,+1)", .multiClass, "badNumber", 6),
    Fault("Add(X,1E5)", .multiClass, "badNumber", 6), Fault("Add(X,1e999)", .multiClass, "badNumber", 6, "too large"),
    Fault("Add(X,-1e400)", .multiClass, "badNumber", 6, "'-1e400' is too large: numbers go up to 1.7e308"),
    Fault("Add(X,1e400x)", .multiClass, "badNumber", 6, "is no number"),
    Fault("Add(X,0x1F)", .multiClass, "badNumber", 6), Fault("Add(X,1e)", .multiClass, "badNumber", 6),
    Fault("Add(X,1_000)", .multiClass, "badNumber", 6), Fault("Add(X,-)", .multiClass, "badNumber", 6),
    Fault("Add(X,Dot(X,Y))", .multiClass, "sampleWithElement", 0, "Dot"),
    Fault("Neg(Mul(Dot(X,Y),Z))", .multiClass, "sampleWithElement", 4),
    Fault("Dot(X,Dot(X,Y))", .multiClass, "sampleWithElement", 0),
    Fault("Neg(Softmax(3))", .multiClass, "softmaxOfLowRank", 4, "a constant"),
    Fault("Softmax(Add(1,2))", .binaryClass, "softmaxOfLowRank", 0),
    Fault("Softmax(Dot(X,Y))", .multiClass, "softmaxOfLowRank", 0, "each sample"),
    Fault("Softmax(Dot(Dot(X,Y),1))", .multiClass, "softmaxOfLowRank", 0, "one number"),
    Fault("Dot(Dot(1,2),Dot(1,3))", .multiClass, "dotOfScalars", 0, "Mul"),
    Fault(
      String(repeating: "Neg(", count: 100_000) + "X" + String(repeating: ")", count: 100_000), .multiClass, "tooDeep",
      1024),
    Fault(String(repeating: "(", count: 100_000), .multiClass, "unexpectedCharacter", 0),
  ]

  @Test(arguments: faults) func everyFaultHasACodeAPlaceAndAMend(fault: Fault) throws {
    let error = try #require(throws: FormulaError.self) { try Formula(parsing: fault.text, mode: fault.mode) }
    #expect(error.code == fault.code)
    #expect(error.position.offset == fault.offset)
    #expect(fault.words.isEmpty || error.message.contains(fault.words), "\(error.message)")
    #expect(error.rendering.hasSuffix("^"))
    #expect(error.rendering.utf8.count < 700)
  }

  @Test func theCaretStandsUnderThePlace() throws {
    let error = try #require(throws: FormulaError.self) {
      try Formula(parsing: "Neg(\n  Softmx(X)\n)", mode: .multiClass)
    }
    #expect(error.position.line == 2)
    #expect(error.position.column == 3)
    #expect(error.rendering == "there is no 'Softmx': did you mean 'Softmax'?\n    Softmx(X)\n    ^")
    let long = "Add(" + String(repeating: "Add(X,", count: 60) + "Softmx(X)"
    let far = try #require(throws: FormulaError.self) { try Formula(parsing: long, mode: .multiClass) }
    let lines = far.rendering.split(separator: "\n")
    let caret = try #require(lines[2].firstIndex(of: "^")).utf16Offset(in: lines[2])
    #expect(lines[1].dropFirst(caret).hasPrefix("Softmx"))
    #expect(lines[1].count <= 102)
  }

  @Test func shapesOfFormulasWithoutATextPointIntoThePrintedOne() throws {
    let formula = try Formula(grammar: "Neg( Add(X, Dot(X,Y)) )")
    let error = try #require(throws: FormulaError.self) { try formula.shape(in: .multiClass) }
    #expect(error.source == "Neg(Add(X,Dot(X,Y)))")
    #expect(error.position.offset == 4)
  }

  @Test func everyNameIsKnownInItsModes() throws {
    for mode in Mode.allCases {
      for variable in mode.variables {
        #expect(try Formula(parsing: variable.rawValue, mode: mode).variables == [variable])
      }
      for primitive in mode.primitives {
        let name = mode.variables[0].rawValue
        let text = primitive.rawValue + (primitive.arity == 1 ? "(\(name))" : "(\(name),2)")
        #expect(try Formula(parsing: text, mode: mode).description == text)
      }
    }
    #expect(Set(Primitive.allCases.map(\.code)).count == 20)
    #expect(Mode.allCases.map(\.primitives.count) == [20, 19, 15])
  }
}

/// The four published finds and their modes.
let publishedFormulas: [(String, Mode)] = [
  ("Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", .multiClass),
  ("Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))", .regression),
  (
    "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
      + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))", .binaryClass
  ),
  (
    "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
      + "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))", .regression
  ),
]
