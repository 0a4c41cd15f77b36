/// Why a text is no formula: what is wrong, where, and how to mend it.
public struct FormulaError: Error, Hashable, Sendable {
  /// The closed list of faults.
  public enum Kind: Hashable, Sendable {
    case empty
    case nonASCII(String)
    case unexpectedCharacter(String)
    case badNumber(String)
    /// A number beyond the largest Double.
    case numberTooLarge(String)
    case missingArgument
    case unknownName(String, suggestion: String?)
    case variableNotOfMode(Variable, Mode)
    case primitiveNotOfMode(Primitive, Mode)
    case mixedModes(name: String, earlier: String)
    case ambiguousMode([Mode])
    case tooFewArguments(Primitive, given: Int)
    /// Another argument begins where a comma should stand.
    case missingComma(Primitive)
    case tooManyArguments(Primitive)
    case missingParenthesis(Primitive)
    case unclosedParenthesis(Primitive)
    case variableCalled(Variable)
    case trailingText
    case tooDeep(limit: Int)
    case tooLong(limit: Int)
    case tooManyNodes(limit: Int)
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

  /// The message, the line it is about (at most 100 characters around the place), and a caret under the place.
  public var rendering: String {
    let bytes = source.utf8
    let place = bytes.index(bytes.startIndex, offsetBy: position.offset, limitedBy: bytes.endIndex) ?? bytes.endIndex
    // Four bytes a character at most.
    let before = bytes[..<place].suffix(4 * Self.window)
    let after = bytes[place...].prefix(4 * Self.window)
    let newline = UInt8(ascii: "\n")
    let lineBefore = Self.visible(before.split(separator: newline, omittingEmptySubsequences: false).last ?? before)
    let lineAfter = Self.visible(after.prefix { $0 != newline })
    let shownBefore = lineBefore.suffix(max(Self.window / 2, Self.window - lineAfter.count))
    let text = shownBefore + lineAfter.prefix(Self.window - shownBefore.count)
    return
      "\(message)\n  \(String(String.UnicodeScalarView(text)))\n  \(String(repeating: " ", count: shownBefore.count))^"
  }

  /// The number of characters of the source shown.
  private static let window = 100

  /// A part of a line with blanks for characters that would move the cursor.
  private static func visible(_ bytes: Substring.UTF8View) -> [Unicode.Scalar] {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
  }
}

extension FormulaError: CustomStringConvertible {
  public var description: String { rendering }
}
