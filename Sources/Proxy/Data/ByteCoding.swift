/// Appends little-endian words and length-prefixed texts.
struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func append(_ word: UInt32) {
    withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
  }

  mutating func append(text: String) {
    append(UInt32(text.utf8.count))
    bytes += text.utf8
  }
}

/// Reads what `ByteWriter` wrote; nil wherever the bytes end early.
struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  var rest: ArraySlice<UInt8> { bytes[position...] }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= bytes.count - position else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func word() -> UInt32? {
    take(4).map { $0.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
  }

  mutating func text() -> String? {
    guard let count = word(), let slice = take(Int(count)) else { return nil }
    return String(decoding: slice, as: UTF8.self)
  }
}
