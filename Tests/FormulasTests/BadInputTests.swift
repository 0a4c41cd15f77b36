import Formulas
import Foundation
import Testing

/// Texts and graphs far beyond every sensible size end in a short error or a cut text.
@Suite struct BadInputTests {
  struct Oversized: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: @Sendable () -> String
    let code: String
    let offset: Int
  }

  private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

  /// A balanced tree of sums over different numbers: 2ⁿ numbers and 2ⁿ − 1 sums.
  private static func wide(levels: Int, first: Int = 1) -> String {
    levels == 0
      ? "\(first)"
      : "Add(\(wide(levels: levels - 1, first: 2 * first)),\(wide(levels: levels - 1, first: 2 * first + 1)))"
  }

  static let oversized: [Oversized] = [
    Oversized(
      testDescription: "a million of (", text: { repeated("(", 1_000_000) }, code: "unexpectedCharacter", offset: 0),
    Oversized(
      testDescription: "a million of Neg(", text: { repeated("Neg(", 1_000_000) }, code: "tooDeep", offset: 1024),
    Oversized(
      testDescription: "a million of Add(1,", text: { repeated("Add(1,", 1_000_000) }, code: "tooDeep", offset: 1536),
    Oversized(
      testDescription: "a million of )", text: { repeated(")", 1_000_000) }, code: "unexpectedCharacter", offset: 0),
    Oversized(testDescription: "a name of 5 MB", text: { repeated("a", 5_000_000) }, code: "unknownName", offset: 0),
    Oversized(testDescription: "a number of 5 MB", text: { repeated("9", 5_000_000) }, code: "badNumber", offset: 0),
    Oversized(
      testDescription: "zeros of 5 MB", text: { repeated("0", 5_000_000) }, code: "tooLong", offset: 1_000_000),
    Oversized(
      testDescription: "blanks of 5 MB", text: { repeated(" ", 5_000_000) }, code: "tooLong", offset: 1_000_000),
    Oversized(testDescription: "é of 5 MB", text: { repeated("é", 2_500_000) }, code: "nonASCII", offset: 0),
    Oversized(
      testDescription: "a formula behind too many blanks", text: { repeated("\n", 1_000_000) + "X" }, code: "tooLong",
      offset: 1_000_000),
    Oversized(
      testDescription: "8,191 different parts", text: { "Add(X,\(wide(levels: 12)))" }, code: "tooManyNodes",
      offset: 20_529),
    Oversized(testDescription: "a byte order mark", text: { "\u{FEFF}X" }, code: "nonASCII", offset: 0),
    Oversized(testDescription: "a NUL", text: { "Neg(X\0)" }, code: "unexpectedCharacter", offset: 5),
    Oversized(testDescription: "full-width letters", text: { "Neg(Ｘ)" }, code: "nonASCII", offset: 4),
    Oversized(testDescription: "a Cyrillic Х", text: { "Neg(Х)" }, code: "nonASCII", offset: 4),
    Oversized(testDescription: "a minus sign of typography", text: { "Add(X,−1)" }, code: "nonASCII", offset: 6),
    Oversized(
      testDescription: "bytes that are no UTF-8", text: { String(decoding: [0x58, 0xFF], as: UTF8.self) },
      code: "nonASCII", offset: 1),
    Oversized(testDescription: "1e999999", text: { "Add(X,1e999999)" }, code: "badNumber", offset: 6),
    Oversized(testDescription: "-", text: { "-" }, code: "badNumber", offset: 0),
  ]

  /// Holds the error back from being written out by Testing.
  private struct Fault { let error: FormulaError }

  private static func fault(of text: String) -> Fault? {
    do throws(FormulaError) {
      _ = try Formula(parsing: text, mode: .multiClass)
      return nil
    } catch {
      return Fault(error: error)
    }
  }

  @Test(arguments: oversized) func isAShortError(_ input: Oversized) throws {
    // Not by `#require(throws:)`: Testing would write out the error, source and all.
    let error = try #require(Self.fault(of: input.text())).error
    #expect(error.code == input.code)
    #expect(error.position.offset == input.offset)
    #expect(error.message.utf8.count < 300)
    #expect(error.rendering.utf8.count < 800)
    #expect(!error.rendering.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(error.rendering)")
  }

  @Test func blanksOfEveryKindAreAllowed() throws {
    let text = "\u{B}Add\r\n(\tX\u{C},\r1 )\r\n"
    #expect(try Formula(parsing: text, mode: .multiClass).description == "Add(X,1)")
    let error = try #require(throws: FormulaError.self) {
      try Formula(parsing: "Add(\r\n  X,\r\n  W)", mode: .multiClass)
    }
    #expect(error.rendering.hasSuffix("\n    W)\n    ^"), "\(error.rendering)")
  }

  @Test func theLargestAllowedFormulasReadAndPrint() throws {
    // 4,096 parts: 2,048 numbers, 2,047 sums, X under the last sum.
    let wide = "Add(X,\(Self.wide(levels: 10)))"
    let formula = try Formula(parsing: wide, mode: .multiClass)
    #expect(formula.description == wide)
    #expect(formula.canonical(in: .multiClass) == formula)
    let deep = Self.repeated("Neg(", 255) + "Sig(X" + Self.repeated(")", 256)
    #expect(try Formula(parsing: deep, mode: .multiClass).description == deep)
    #expect(try Formula(parsing: deep, mode: .multiClass).canonical(in: .multiClass).nodeCount == 3)
  }

  /// x ∘ x, `levels` times over: a graph of `levels` + 1 nodes that stands for a tree of 2^levels.
  private static func doubling(_ primitive: Primitive, levels: Int) -> Formula {
    var builder = FormulaBuilder()
    var node = builder.variable(.x)
    for _ in 0..<levels { node = builder.binary(primitive, node, node) }
    return builder.build(root: node)
  }

  @Test(arguments: [Primitive.add, .mul]) func sharedGraphsDoNotExplode(_ primitive: Primitive) throws {
    let formula = Self.doubling(primitive, levels: 60)
    let text = formula.description
    let isReadBack = Formula(text) != nil
    let isSpeltAnew = formula.canonical(in: .multiClass) != formula
    #expect(formula.treeSize == 1 << 61 - 1)
    #expect(text.utf8.count < 1_000_100)
    #expect(text.utf8.suffix(3).elementsEqual("…".utf8))
    #expect(!isReadBack)
    #expect(!isSpeltAnew)
    #expect(try formula.shape(in: .multiClass) == .perElement)
    let isEncoded = (try? JSONEncoder().encode(formula)) != nil
    let isOfRegression = (try? formula.shape(in: .regression)) != nil
    #expect(!isEncoded)
    #expect(!isOfRegression)
    for size in [formula.infix.utf8.count, formula.latex.utf8.count] { #expect(size < 1_000_100) }
    #expect(formula.tree.utf8.count < 20_000)
    #expect(try PythonModule(formula, mode: .multiClass, name: "shared").source.utf8.count < 1_200_000)
    #expect(try SwiftSource(formula, mode: .multiClass, name: "shared").source.utf8.count < 1_200_000)
    let small = Self.doubling(primitive, levels: 14)
    let comesBack = Formula(small.description) == small && small.canonical(in: .multiClass) == small
    #expect(comesBack)
  }
}
