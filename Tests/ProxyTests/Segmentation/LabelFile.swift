/// Label maps as PNG files of any form, without compression.
enum LabelFile {
  /// Gray of 1, 2, 4 or 8 bits, or with `isPalette` indices of 8 bits into 256 colours; `gamma` adds a gAMA chunk.
  static func png(
    width: Int, height: Int, depth: Int = 8, isPalette: Bool = false, gamma: UInt32? = nil,
    label: (_ x: Int, _ y: Int) -> UInt8
  ) -> [UInt8] {
    var rows: [UInt8] = []
    for y in 0..<height {
      rows.append(0)
      var byte: UInt8 = 0
      for x in 0..<width {
        byte = depth == 8 ? label(x, y) : byte << UInt8(depth) | label(x, y)
        let places = 8 / depth
        if x % places == places - 1 {
          rows.append(byte)
          byte = 0
        } else if x == width - 1 {
          rows.append(byte << UInt8(depth * (places - 1 - x % places)))
        }
      }
    }
    let form: [UInt8] = [UInt8(depth), isPalette ? 3 : 0, 0, 0, 0]
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += chunk("IHDR", word(width) + word(height) + form)
    if let gamma { file += chunk("gAMA", word(Int(gamma))) }
    // Colours whose gray is not their index, some of them equal.
    var colors: [UInt8] = []
    for index in 0..<256 { colors += [UInt8(255 - index), UInt8(index % 7), 9] }
    if isPalette { file += chunk("PLTE", colors) }
    return file + chunk("IDAT", stored(rows)) + chunk("IEND", [])
  }

  private static func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }

  private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    let content = Array(name.utf8) + body
    return word(body.count) + content + word(Int(checksum(content)))
  }

  /// CRC-32 as PNG has it.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let shifted = sum >> 1
        sum = sum & 1 == 1 ? shifted ^ 0xEDB8_8320 : shifted
      }
    }
    return ~sum
  }

  /// zlib's form with a stored block.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    let (low, high) = (UInt8(bytes.count & 255), UInt8(bytes.count >> 8))
    var (a, b) = (1, 0)
    for byte in bytes {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    let head: [UInt8] = [0x78, 0x01, 0x01, low, high, ~low, ~high]
    return head + bytes + word(b << 16 | a)
  }
}
