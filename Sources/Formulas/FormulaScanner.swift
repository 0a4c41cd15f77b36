/// Cuts a formula's text into names, numbers and punctuation.
struct FormulaScanner {
  enum Kind: Equatable {
    case name(String)
    case number(Double)
    case open
    case close
    case comma
    case end
  }

  struct Token {
    let kind: Kind
    let offset: Int
  }

  private let source: String
  private let bytes: [UInt8]
  private var place = 0

  init(_ source: String) {
    self.source = source
    bytes = Array(source.utf8.prefix(Formula.maximumTextLength))
  }

  /// The next token without consuming it.
  func peek() throws(FormulaError) -> Token {
    var copy = self
    return try copy.next()
  }

  /// The next token; `.end` stands after the last character.
  mutating func next() throws(FormulaError) -> Token {
    while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
    let start = place
    guard start < bytes.count else {
      guard source.utf8.count == bytes.count else {
        throw FormulaError(.tooLong(limit: Formula.maximumTextLength), source: source, offset: start)
      }
      return Token(kind: .end, offset: start)
    }
    let byte = bytes[start]
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","):
      place += 1
      let kind: Kind = byte == UInt8(ascii: "(") ? .open : byte == UInt8(ascii: ")") ? .close : .comma
      return Token(kind: kind, offset: start)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
      while place < bytes.count, Self.isWordPart(bytes[place]) { place += 1 }
      // An accent or a letter of another alphabet inside a name is what is wrong with it.
      if place < bytes.count, bytes[place] >= 0x80 {
        throw FormulaError(fault(at: place), source: source, offset: place)
      }
      return Token(kind: .name(text(from: start)), offset: start)
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "+"):
      return Token(kind: .number(try number(from: start)), offset: start)
    default: throw FormulaError(fault(at: start), source: source, offset: start)
    }
  }

  /// Reads `-?digits[.digits][e[+-]digits]`, refusing what follows it directly.
  private mutating func number(from start: Int) throws(FormulaError) -> Double {
    if bytes[place] == UInt8(ascii: "-") { place += 1 }
    var valid = skipDigits()
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      place += 1
      valid = skipDigits() && valid
    }
    if place < bytes.count, bytes[place] == UInt8(ascii: "e") {
      place += 1
      if place < bytes.count, bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-") { place += 1 }
      valid = skipDigits() && valid
    }
    while place < bytes.count, Self.isNumberPart(bytes[place]) {
      place += 1
      valid = false
    }
    let text = text(from: start)
    let shown = text.utf8.count > 40 ? text.prefix(40) + "…" : text
    guard valid, let value = Double(text) else { throw FormulaError(.badNumber(shown), source: source, offset: start) }
    guard value.isFinite else { throw FormulaError(.numberTooLarge(shown), source: source, offset: start) }
    return value
  }

  /// Skips digits; whether there was one.
  private mutating func skipDigits() -> Bool {
    let start = place
    while place < bytes.count, bytes[place] >= UInt8(ascii: "0"), bytes[place] <= UInt8(ascii: "9") { place += 1 }
    return place > start
  }

  private func fault(at offset: Int) -> FormulaError.Kind {
    guard bytes[offset] >= 0x80 else {
      let byte = bytes[offset]
      let visible = byte >= 0x20 && byte < 0x7F
      return .unexpectedCharacter(
        visible ? String(UnicodeScalar(byte)) : "\\u{" + String(byte, radix: 16) + "}")
    }
    let index = source.utf8.index(source.utf8.startIndex, offsetBy: offset)
    let scalar = source.unicodeScalars[index]
    return .nonASCII(String(Character(scalar)))
  }

  private func text(from start: Int) -> String { String(decoding: bytes[start..<place], as: UTF8.self) }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  private static func isWordPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  private static func isNumberPart(_ byte: UInt8) -> Bool {
    isWordPart(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }
}
