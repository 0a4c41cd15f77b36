/// Formulas from and to text.
extension Formula: LosslessStringConvertible {
  /// Deeper nesting is refused, so that nothing that walks a formula needs a deep stack.
  public static let maximumDepth = 256

  /// Longer texts, in UTF-8 bytes, are refused and never printed, so that reading and printing stay within bounded memory.
  public static let maximumTextLength = 1_000_000

  /// Texts of more distinct nodes are refused, so that evaluating and judging what was read stays within bounded memory.
  public static let maximumNodeCount = 4096

  /// Reads a formula and checks its names and shapes.
  /// - Parameters:
  ///   - text: a formula as printed.
  ///   - mode: the mode it must be of; nil lets its variables decide.
  /// - Throws: `FormulaError`, with the place in `text`.
  public init(parsing text: String, mode: Mode?) throws(FormulaError) {
    self = try Formula.parse(text, mode: mode).formula
  }

  /// Reads a formula and returns the mode it was read in beside it.
  /// - Throws: `FormulaError`; of code `ambiguousMode` when `mode` is nil and several fit.
  public static func parse(_ text: String, mode: Mode?) throws(FormulaError) -> (formula: Formula, mode: Mode) {
    if let read = FormulaReader.read(text, mode: mode) { return read }
    return try parsePlainly(text, mode: mode)
  }

  /// The same by the plain parser alone, which defines the language and its errors.
  package static func parsePlainly(_ text: String, mode: Mode?) throws(FormulaError) -> (formula: Formula, mode: Mode) {
    var parser = FormulaParser(text, mode: mode)
    let (formula, found) = try parser.parse()
    guard let found else { throw FormulaError(.ambiguousMode(Mode.allCases), source: text, offset: 0) }
    return (formula, found)
  }

  /// Reads a formula by grammar and arity alone; names of different modes may mix, shapes are not checked.
  /// - Throws: `FormulaError`, with the place in `text`.
  public init(grammar text: String) throws(FormulaError) {
    var parser = FormulaParser(text, mode: nil, checksNames: false)
    self = try parser.parse().formula
  }

  /// What `description` printed; nil for anything else. Checks grammar and arity alone.
  public init?(_ description: String) {
    guard let formula = try? Formula(grammar: description) else { return nil }
    self = formula
  }
}

extension Formula: Codable {
  /// Decodes the printed text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do {
      self = try Formula(grammar: text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.rendering)
    }
  }

  /// Encodes the printed text.
  /// - Throws: `EncodingError.invalidValue` when that is longer than `maximumTextLength`.
  public func encode(to encoder: any Encoder) throws {
    let text = description
    guard !text.hasSuffix(Self.cutMark) else {
      throw EncodingError.invalidValue(
        self,
        EncodingError.Context(
          codingPath: encoder.codingPath,
          debugDescription: "written out, the formula is longer than \(Self.maximumTextLength) bytes"))
    }
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
