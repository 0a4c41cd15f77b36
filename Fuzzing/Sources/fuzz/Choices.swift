/// The bytes of a fuzz input read as a row of choices; when they run out every choice is the first.
struct Choices {
  private var rest: UnsafeRawBufferPointer.SubSequence

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  /// The bytes that no choice has used.
  var remaining: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: rest) }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// A number below `count` (1 ... 256).
  mutating func index(below count: Int) -> Int { Int(byte()) % count }

  mutating func element<Element>(of choices: [Element]) -> Element { choices[index(below: choices.count)] }

  /// A number of up to `count` bytes, the first the lowest.
  mutating func bits(_ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(byte()) << UInt64(8 * $1) }
  }
}
