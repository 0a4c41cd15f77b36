/// A strict JSON reader (RFC 8259) whose errors carry line and column, which Foundation's do not give reliably.
package struct JSONParser {
  /// Where and why the text is no JSON; line and column from 1, the column in bytes.
  package struct Failure: Error, Hashable {
    package let line: Int
    package let column: Int
    package let reason: String
  }

  private static let deepest = 256
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// The one value of a text; blanks around it and a UTF-8 byte order mark are allowed.
  package static func parse(_ text: [UInt8]) throws(Failure) -> JSONValue {
    let result: Result<JSONValue, Failure> = text.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer)
      do throws(Failure) { return .success(try parser.document()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  private mutating func document() throws(Failure) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw failure("text after the end of the value") }
    return value
  }

  private mutating func value(depth: Int) throws(Failure) -> JSONValue {
    skipBlanks()
    guard depth < Self.deepest else { throw failure("nested more than \(Self.deepest) levels deep") }
    guard let first = peek else { throw failure("the text ends where a value is expected") }
    switch first {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    case UInt8(ascii: "N"), UInt8(ascii: "I"): throw failure("NaN and Infinity are no JSON numbers")
    case _: throw failure("unexpected \(Self.name(first)) where a value is expected")
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    skipBlanks()
    if take("}") { return .object(members) }
    while true {
      skipBlanks()
      guard peek == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
      let keyPosition = position
      let key = try string()
      skipBlanks()
      guard take(":") else { throw failure("expected ':' after the key \"\(key)\"") }
      guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
        position = keyPosition
        throw failure("the key \"\(key)\" stands twice in one object")
      }
      skipBlanks()
      if take("}") { return .object(members) }
      guard take(",") else { throw failure("expected ',' or '}' after the value of \"\(key)\"") }
    }
  }

  private mutating func array(depth: Int) throws(Failure) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipBlanks()
    if take("]") { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
      if take("]") { return .array(elements) }
      guard take(",") else { throw failure("expected ',' or ']' after element \(elements.count - 1)") }
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    let end = position + text.utf8CodeUnitCount
    guard end <= bytes.count, bytes[position..<end].elementsEqual("\(text)".utf8) else {
      throw failure("unknown word, expected \(text)")
    }
    position = end
    return value
  }
}

// Numbers and strings.
extension JSONParser {
  private mutating func number() throws(Failure) -> Double {
    let start = position
    _ = take("-")
    let integerDigits = digits()
    guard integerDigits > 0 else { throw failure("expected a digit") }
    if integerDigits > 1, bytes[position - integerDigits] == UInt8(ascii: "0") {
      throw failure("a number must not begin with 0")
    }
    if take(".") {
      guard digits() > 0 else { throw failure("expected a digit after '.'") }
    }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() > 0 else { throw failure("expected a digit in the exponent") }
    }
    let slice = bytes[start..<position]
    if let exact = Self.exactDecimal(slice) { return exact }
    guard let value = Double(String(decoding: slice, as: UTF8.self)), value.isFinite else {
      throw failure("the number is too large")
    }
    return value
  }

  /// Short decimals without exponent, exactly: both the digits and the power of ten are exact in Double, so one
  /// division rounds correctly.
  private static func exactDecimal(_ slice: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    guard slice.count <= 16 else { return nil }
    var digits = 0
    var scale = 1
    var afterPoint = false
    for byte in slice {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits = digits * 10 + Int(byte - UInt8(ascii: "0"))
        if afterPoint { scale *= 10 }
      case UInt8(ascii: "."): afterPoint = true
      case UInt8(ascii: "-"): continue
      case _: return nil
      }
    }
    guard digits < 1 << 53 else { return nil }
    let value = Double(digits) / Double(scale)
    return slice.first == UInt8(ascii: "-") ? -value : value
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    let start = position
    while let byte = peek {
      if byte == UInt8(ascii: "\"") {
        let text = String(validating: bytes[start..<position], as: UTF8.self)
        guard let text else { throw failure("the text is not valid UTF-8") }
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { throw failure("a control character inside a text") }
      position += 1
    }
    throw failure("the text ends inside a string")
  }

  private mutating func escapedString(from start: Int) throws(Failure) -> String {
    var units = Array(bytes[start..<position])
    while let byte = peek {
      guard byte >= 0x20 else { throw failure("a control character inside a text") }
      position += 1
      if byte == UInt8(ascii: "\"") {
        guard let text = String(validating: units, as: UTF8.self) else { throw failure("the text is not valid UTF-8") }
        return text
      }
      if byte == UInt8(ascii: "\\") { try escape(into: &units) } else { units.append(byte) }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func escape(into units: inout [UInt8]) throws(Failure) {
    let plain: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 8,
      UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
    ]
    guard let code = peek else { throw failure("the text ends inside a string") }
    position += 1
    if let unit = plain[code] {
      units.append(unit)
      return
    }
    guard code == UInt8(ascii: "u") else { throw failure("unknown escape '\\\(Character(Unicode.Scalar(code)))'") }
    var scalar = try hexadecimal()
    if (0xD800...0xDBFF).contains(scalar), take("\\"), take("u") {
      let low = try hexadecimal()
      guard (0xDC00...0xDFFF).contains(low) else { throw failure("half of a surrogate pair") }
      scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let value = Unicode.Scalar(scalar) else { throw failure("half of a surrogate pair") }
    units.append(contentsOf: UTF8.encode(value).map(Array.init) ?? [])
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    guard position + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("expected four hexadecimal digits after '\\u'") }
    position += 4
    return value
  }
}

// Characters and places.
extension JSONParser {
  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private func failure(_ reason: String) -> Failure {
    var (line, lineStart) = (1, 0)
    for index in 0..<min(position, bytes.count) where bytes[index] == 0x0A { (line, lineStart) = (line + 1, index + 1) }
    return Failure(line: line, column: position - lineStart + 1, reason: reason)
  }

  private static func name(_ byte: UInt8) -> String {
    (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }
}
