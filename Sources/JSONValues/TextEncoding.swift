/// Whether bytes are UTF-8, which JSON is written in, and what else they seem to be.
public enum TextEncoding: String, Hashable, Sendable {
  case utf16 = "UTF-16"
  case utf32 = "UTF-32"

  /// The wide encoding that a text is in, by its byte order mark or by the zeros among its first characters, which
  /// are ASCII in every JSON text (RFC 4627, section 3); nil for all others.
  public init?(detectedIn bytes: some Sequence<UInt8>) {
    let head = Array(bytes.prefix(4))
    guard head.count >= 2 else { return nil }
    let zeros = head.map { $0 == 0 }
    switch (head[0], head[1]) {
    case (0xFF, 0xFE), (0xFE, 0xFF): self = zeros.dropFirst(2) == [true, true] ? .utf32 : .utf16
    case (0, 0): if head.count == 4, head[2] == 0xFE || head[3] != 0 { self = .utf32 } else { return nil }
    case (0, _), (_, 0): self = zeros == [false, true, true, true] ? .utf32 : .utf16
    case _: return nil
    }
  }

  /// What to do about it.
  public var mend: String {
    "the text is \(rawValue), not UTF-8: save it as UTF-8, or convert it with iconv -f \(rawValue) -t UTF-8"
  }

  /// The offset of the first byte that is no UTF-8; nil when all of them are.
  public static func firstFault(in bytes: some Sequence<UInt8>) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}
