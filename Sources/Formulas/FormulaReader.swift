/// Reads well-formed text in one pass over its bytes; anything else is nil, and `FormulaParser` says what is wrong.
///
/// `FormulaParser` is the plain reference: what is read here, it reads alike. Rare spellings (numbers with an exponent
/// or many digits, texts beyond `lengthLimit`) are left to it as well.
struct FormulaReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let open: UnsafeMutableBufferPointer<Call>
  private let names = NameTable.standard
  private var place = 0
  private var table: NodeTable
  /// One bit for each of `Mode.allCases` that has all names so far.
  private var modes: UInt8

  /// A primitive whose arguments are being read; `first` is the first of two, or −1.
  private struct Call {
    var primitive: Primitive
    var first: Int32
  }

  private static let lengthLimit = 1 << 16

  /// The formula and its mode, names and shapes checked.
  static func read(_ text: String, mode: Mode?) -> (formula: Formula, mode: Mode)? {
    guard let (formula, modes) = nodes(text, modes: mode.map(bit) ?? 7) else { return nil }
    guard let mode = mode ?? Mode.allCases.first(where: { bit($0) == modes }) else { return nil }
    return formula.hasShapes(in: mode) ? (formula, mode) : nil
  }

  private static func bit(_ mode: Mode) -> UInt8 {
    switch mode {
    case .multiClass: 1
    case .binaryClass: 2
    case .regression: 4
    }
  }

  private static func nodes(_ text: String, modes: UInt8) -> (Formula, UInt8)? {
    text.utf8.withContiguousStorageIfAvailable { bytes in
      guard bytes.count <= lengthLimit else { return nil }
      // A call takes at least two bytes, a node at least one and a separator.
      let depth = min(Formula.maximumDepth, bytes.count / 2 + 1)
      return withUnsafeTemporaryAllocation(of: Call.self, capacity: depth) { open in
        var reader = FormulaReader(bytes, open, modes)
        guard reader.readAll() else { return nil }
        return (Formula(orderedNodes: reader.table.nodes), reader.modes)
      }
    } ?? nil
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>, _ open: UnsafeMutableBufferPointer<Call>, _ modes: UInt8) {
    self.bytes = bytes
    self.open = open
    self.modes = modes
    table = NodeTable(capacity: min(bytes.count / 3 + 2, 31))
  }

  /// Whether the whole text is one formula; its nodes are then in the table, in the order of the first visit.
  private mutating func readAll() -> Bool {
    var depth = 0
    while true {
      skipBlanks()
      guard place < bytes.count else { return false }
      let byte = bytes[place]
      var node: Int
      if Self.isLetter(byte) {
        guard let entry = names.entry(word()), modes & entry.modes != 0 else { return false }
        modes &= entry.modes
        skipBlanks()
        let isCalled = place < bytes.count && bytes[place] == UInt8(ascii: "(")
        switch entry.name {
        case .primitive(let primitive):
          guard isCalled, depth < open.count else { return false }
          place += 1
          open[depth] = Call(primitive: primitive, first: -1)
          depth += 1
          continue
        case .variable(let variable):
          guard !isCalled else { return false }
          node = table.insert(.variable(variable))
        }
      } else {
        guard let value = number() else { return false }
        node = table.insert(.constant(value))
      }
      // Closes what ends here.
      var isComplete = true
      while isComplete {
        skipBlanks()
        guard depth > 0 else { return place == bytes.count && table.nodes.count <= Formula.maximumNodeCount }
        guard place < bytes.count else { return false }
        let call = open[depth - 1]
        let isUnary = call.primitive.code < Primitive.add.code
        switch bytes[place] {
        case UInt8(ascii: ","):
          guard !isUnary, call.first < 0 else { return false }
          open[depth - 1].first = Int32(truncatingIfNeeded: node)
          isComplete = false
        case UInt8(ascii: ")"):
          guard isUnary || call.first >= 0 else { return false }
          node = table.insert(isUnary ? .unary(call.primitive, node) : .binary(call.primitive, Int(call.first), node))
          depth -= 1
        default: return false
        }
        place += 1
      }
    }
  }

  private mutating func skipBlanks() {
    while place < bytes.count, bytes[place] == 0x20 || (bytes[place] >= 0x09 && bytes[place] <= 0x0D) { place += 1 }
  }

  /// The letters of a name; 0, which is none, for more than 8.
  private mutating func word() -> UInt64 {
    var word: UInt64 = 0
    var shift: UInt64 = 0
    while place < bytes.count, Self.isLetter(bytes[place]) || Self.isDigit(bytes[place]) {
      guard shift < 64 else { return 0 }
      word |= UInt64(bytes[place]) << shift
      shift += 8
      place += 1
    }
    return word
  }

  /// `-?digits[.digits]` of at most 15 digits, which division by a power of ten gives exactly; nil for anything else.
  private mutating func number() -> Double? {
    let isNegative = bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    var digits: Int64 = 0
    let whole = digitRun(&digits)
    guard whole > 0 else { return nil }
    var fraction = 0
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      place += 1
      fraction = digitRun(&digits)
      guard fraction > 0 else { return nil }
    }
    guard whole + fraction <= 15 else { return nil }
    if place < bytes.count {
      let next = bytes[place]
      let goesOn =
        Self.isLetter(next) || Self.isDigit(next) || next == UInt8(ascii: ".") || next == UInt8(ascii: "+")
        || next == UInt8(ascii: "-")
      if goesOn { return nil }
    }
    var value = Double(digits)
    if fraction > 0 {
      var power = 1.0
      for _ in 0..<fraction { power *= 10 }
      value /= power
    }
    return isNegative ? -value : value
  }

  /// Reads at most 16 digits behind those already there; how many.
  private mutating func digitRun(_ value: inout Int64) -> Int {
    var count = 0
    while place < bytes.count, Self.isDigit(bytes[place]), count < 16 {
      value = value &* 10 &+ Int64(bytes[place] - UInt8(ascii: "0"))
      place += 1
      count += 1
    }
    return count
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
