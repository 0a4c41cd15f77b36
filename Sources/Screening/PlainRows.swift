/// The rows of a batch that the plain evaluator has judged, in at most 64 chunks.
struct PlainRows {
  /// Rows of a chunk; a multiple of 8.
  private let chunk: Int
  private var taken: UInt64

  /// Every row.
  static let all = PlainRows(chunk: .max, taken: 1)

  private init(chunk: Int, taken: UInt64) { (self.chunk, self.taken) = (chunk, taken) }

  /// None of so many rows.
  init(rows: Int) { self.init(chunk: max(8, (rows + 511) / 512 * 8), taken: 0) }

  var isEmpty: Bool { taken == 0 }
  /// The number of rows, the last chunk counted as a whole.
  var count: Int { taken.nonzeroBitCount * chunk }

  func contains(_ row: Int) -> Bool { taken >> UInt64(row / chunk) & 1 == 1 }

  /// Takes the chunks of some rows.
  mutating func insert(_ rows: Range<Int>) {
    for row in stride(from: rows.lowerBound / chunk * chunk, to: rows.upperBound, by: chunk) {
      taken |= 1 << UInt64(row / chunk)
    }
  }

  /// The rows of the chunks that are not among others, each chunk by itself.
  func chunks(notIn others: PlainRows, rows: Int) -> [Range<Int>] {
    let wanted = taken & ~others.taken
    return (0..<64).filter { wanted >> UInt64($0) & 1 == 1 }.map { ($0 * chunk)..<min(($0 + 1) * chunk, rows) }
  }
}
