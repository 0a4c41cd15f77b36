/// Why a text is no formula: what is wrong, where, and how to mend it.
public struct FormulaError: Error, Hashable, Sendable {
  /// The closed list of faults.
  public enum Kind: Hashable, Sendable {
    case empty
    case nonASCII(String)
    case unexpectedCharacter(String)
    case badNumber(String)
    case missingArgument
    case unknownName(String, suggestion: String?)
    case variableNotOfMode(Variable, Mode)
    case primitiveNotOfMode(Primitive, Mode)
    case mixedModes(name: String, earlier: String)
    case ambiguousMode([Mode])
    case tooFewArguments(Primitive, given: Int)
    case tooManyArguments(Primitive)
    case missingParenthesis(Primitive)
    case unclosedParenthesis(Primitive)
    case variableCalled(Variable)
    case trailingText
    case tooDeep(limit: Int)
    case bareLiteral
    case shape(ShapeFault)
  }

  /// A place in the text: the offset counts UTF-8 bytes from 0, line and column count from 1.
  public struct Position: Hashable, Sendable, Codable {
    public let offset: Int
    public let line: Int
    public let column: Int
  }

  public let kind: Kind
  /// The text that was read (or the printed formula).
  public let source: String
  public let position: Position

  public init(_ kind: Kind, source: String, offset: Int) {
    self.kind = kind
    self.source = source
    var line = 1
    var column = 1
    for byte in source.utf8.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    position = Position(offset: offset, line: line, column: column)
  }

  /// The message, the line it is about, and a caret under the place.
  public var rendering: String {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let line = lines.indices.contains(position.line - 1) ? String(lines[position.line - 1]) : ""
    let window = Self.window(of: line, column: position.column)
    return "\(message)\n  \(window.text)\n  \(String(repeating: " ", count: window.caret))^"
  }

  /// At most 100 characters of a line around a column, and the caret's place in them.
  private static func window(of line: String, column: Int) -> (text: String, caret: Int) {
    let printable = line.map { $0 == "\t" || $0 == "\r" ? " " : $0 }
    guard printable.count > 100 else { return (String(printable), column - 1) }
    let start = max(0, min(column - 51, printable.count - 100))
    return (String(printable[start..<min(start + 100, printable.count)]), column - 1 - start)
  }
}

extension FormulaError: CustomStringConvertible {
  public var description: String { rendering }
}
