/// The names of the language by their bytes, with the modes that have them.
struct NameTable: Sendable {
  enum Name: Sendable {
    case variable(Variable)
    case primitive(Primitive)
  }

  struct Entry: Sendable {
    /// The letters, the first in the lowest byte; 0 where there is no name.
    var word: UInt64 = 0
    var name = Name.variable(.x)
    /// One bit for each of `Mode.allCases`.
    var modes: UInt8 = 0
  }

  static let standard = NameTable()
  /// Open addressing in 128 slots.
  private let entries: [Entry]

  private init() {
    var entries = [Entry](repeating: Entry(), count: 128)
    func add(_ text: String, _ name: Name, has: (Mode) -> Bool) {
      var word: UInt64 = 0
      for byte in text.utf8.reversed() { word = word << 8 | UInt64(byte) }
      var modes: UInt8 = 0
      for (order, mode) in Mode.allCases.enumerated() where has(mode) { modes |= 1 << UInt8(order) }
      var slot = Self.slot(word)
      while entries[slot].word != 0 { slot = (slot + 1) & 127 }
      entries[slot] = Entry(word: word, name: name, modes: modes)
    }
    for variable in Variable.allCases {
      add(variable.rawValue, .variable(variable)) { $0.variables.contains(variable) }
    }
    for primitive in Primitive.allCases {
      add(primitive.rawValue, .primitive(primitive)) { $0.primitives.contains(primitive) }
    }
    self.entries = entries
  }

  /// The name spelled by a word of up to 8 letters; nil when there is none.
  func entry(_ word: UInt64) -> Entry? {
    var slot = Self.slot(word)
    while entries[slot].word != word {
      if entries[slot].word == 0 { return nil }
      slot = (slot + 1) & 127
    }
    return entries[slot]
  }

  private static func slot(_ word: UInt64) -> Int {
    Int(truncatingIfNeeded: (word &* 0x9e37_79b9_7f4a_7c15) >> 57)
  }
}
