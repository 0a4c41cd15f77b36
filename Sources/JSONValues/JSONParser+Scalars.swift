/// Numbers and strings.
extension JSONParser {
  mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    _ = take("-")
    let integerDigits = digits()
    guard integerDigits > 0 else { throw failure("expected a digit") }
    if integerDigits > 1, bytes[position - integerDigits] == UInt8(ascii: "0") {
      throw failure("a number must not begin with 0")
    }
    var isWhole = true
    if take(".") {
      isWhole = false
      guard digits() > 0 else { throw failure("expected a digit after '.'") }
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      guard digits() > 0 else { throw failure("expected a digit in the exponent") }
    }
    let slice = bytes[start..<position]
    if isWhole, let whole = Self.integer(slice) { return .int(whole) }
    if let exact = Self.exactDecimal(slice) { return .double(exact) }
    guard let value = Double(String(decoding: slice, as: UTF8.self)), value.isFinite else {
      throw failure("the number is too large")
    }
    return .double(value)
  }

  /// A whole number that fits; nil for one with point or exponent, and for −0, which only a Double holds.
  private static func integer(_ slice: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
    guard let value = Int(String(decoding: slice, as: UTF8.self)) else { return nil }
    return value == 0 && slice.first == UInt8(ascii: "-") ? nil : value
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

  mutating func string() throws(JSONError) -> String {
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

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
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

  private mutating func escape(into units: inout [UInt8]) throws(JSONError) {
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

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count, bytes[position..<position + 4].allSatisfy(Self.isHexadecimal),
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("expected four hexadecimal digits after '\\u'") }
    position += 4
    return value
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool { Unicode.Scalar(byte).properties.isASCIIHexDigit }
}
