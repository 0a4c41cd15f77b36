/// A strict JSON reader (RFC 8259) whose errors carry line and column, which Foundation's do not give reliably.
struct JSONParser {
  private static let deepest = 256
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  /// The one value of a text; blanks around it and a UTF-8 byte order mark are allowed.
  static func parse(_ text: [UInt8]) throws(JSONError) -> JSONValue {
    let result: Result<JSONValue, JSONError> = text.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer)
      do throws(JSONError) { return .success(try parser.document()) } catch {
        return .failure(parser.encodingFault(before: error) ?? error)
      }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  private mutating func document() throws(JSONError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw failure("text after the end of the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
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
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "N"), UInt8(ascii: "I"): throw failure("NaN and Infinity are no JSON numbers")
    case _: throw failure("unexpected \(nameHere(first)) where a value is expected")
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipBlanks()
    if take("}") { return .object(members) }
    while true {
      skipBlanks()
      guard peek == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
      let keyPosition = position
      let key = try string()
      skipBlanks()
      guard take(":") else { throw failure("expected ':' after the key \"\(key)\"") }
      guard names.insert(key).inserted else {
        position = keyPosition
        throw failure("the key \"\(key)\" stands twice in one object")
      }
      members.append(.init(key, try value(depth: depth + 1)))
      skipBlanks()
      if take("}") { return .object(members) }
      guard take(",") else { throw failure("expected ',' or '}' after the value of \"\(key)\"") }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
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

  private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let end = position + text.utf8CodeUnitCount
    guard end <= bytes.count, bytes[position..<end].elementsEqual("\(text)".utf8) else {
      throw failure("unknown word, expected \(text)")
    }
    position = end
    return value
  }
}

// Characters and places.
extension JSONParser {
  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func digits() -> Int {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  func failure(_ reason: String) -> JSONError { failure(reason, at: position) }

  private func failure(_ reason: String, at offset: Int) -> JSONError {
    var (line, lineStart) = (1, 0)
    for index in 0..<min(offset, bytes.count) where bytes[index] == 0x0A { (line, lineStart) = (line + 1, index + 1) }
    return JSONError(line: line, column: offset - lineStart + 1, offset: offset, reason: reason)
  }

  /// The encoding as the cause of an error: a wide one, or a byte up to there that is no UTF-8.
  private func encodingFault(before error: JSONError) -> JSONError? {
    if let encoding = TextEncoding(detectedIn: bytes) { return failure(encoding.mend, at: 0) }
    guard let fault = TextEncoding.firstFault(in: bytes.prefix(error.offset + 4)), fault <= error.offset else {
      return nil
    }
    let byte = String(bytes[fault], radix: 16, uppercase: true)
    return failure("byte 0x\(byte) is no valid UTF-8: save the text as UTF-8", at: fault)
  }

  /// The character at the position, of which `byte` is the first.
  private func nameHere(_ byte: UInt8) -> String {
    if byte < 0x80 { return Self.name(byte) }
    let scalar = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self).unicodeScalars.first
    guard let scalar else { return Self.name(byte) }
    return "'\(Character(scalar))' (\(Self.codePoint(scalar)))"
  }

  private static func codePoint(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  private static func name(_ byte: UInt8) -> String {
    (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }
}
