/// The bytes of TensorBoard's `Event` messages (protocol buffers, wire format 3).
public enum EventMessage {
  /// The first message of every file.
  public static func version(at time: Double) -> [UInt8] {
    header(time) + lengthDelimited(3, Array("brain.Event:2".utf8))
  }

  /// `SessionLog` START: what older files say about this and later steps is void.
  public static func sessionStart(at time: Double, step: Int) -> [UInt8] {
    header(time, step: step) + lengthDelimited(7, variable(1, 1))
  }

  /// A `Summary` with a `simple_value` for each tag, in single precision.
  public static func scalars(_ values: [(tag: String, value: Double)], at time: Double, step: Int) -> [UInt8] {
    let summary = values.flatMap { tag, value in
      lengthDelimited(
        1, lengthDelimited(1, Array(tag.utf8)) + key(2, wireType: 5) + LittleEndian.bytes(Float(value).bitPattern))
    }
    return header(time, step: step) + lengthDelimited(5, summary)
  }

  /// `wall_time` in seconds since 1970 and `step`, which is left out where it is 0.
  private static func header(_ time: Double, step: Int = 0) -> [UInt8] {
    key(1, wireType: 1) + LittleEndian.bytes(time.bitPattern)
      + (step == 0 ? [] : variable(2, UInt64(bitPattern: Int64(step))))
  }

  private static func key(_ field: UInt64, wireType: UInt64) -> [UInt8] { varint(field << 3 | wireType) }

  private static func variable(_ field: UInt64, _ value: UInt64) -> [UInt8] { key(field, wireType: 0) + varint(value) }

  private static func lengthDelimited(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    key(field, wireType: 2) + varint(UInt64(bytes.count)) + bytes
  }

  /// Seven bits a byte, the lowest first.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
