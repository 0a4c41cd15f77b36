/// The rows of a batch that were evaluated as the plain evaluator does, block by block.
struct PlainRows {
  private let rows: Int
  /// Rows of a block.
  private let block: Int
  /// For each block; empty until the first is taken.
  private var taken: [Bool] = []
  private var isAll = false

  /// Every row.
  static let all: PlainRows = {
    var all = PlainRows(rows: 0, block: 1)
    all.isAll = true
    return all
  }()

  /// None of so many rows.
  init(rows: Int, block: Int) { (self.rows, self.block) = (rows, block) }

  func contains(_ row: Int) -> Bool { isAll || (!taken.isEmpty && taken[row / block]) }

  /// Takes the block of a row.
  mutating func insert(_ row: Int) {
    if taken.isEmpty { taken = Array(repeating: false, count: (rows + block - 1) / block) }
    taken[row / block] = true
  }
}
