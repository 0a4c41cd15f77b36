import Formulas

/// The inputs of a probe batch in tiles of 8 rows, as the screen's kernels read them; the last row fills the last tile.
final class ProbeTiles: @unchecked Sendable {  // written by `init` alone
  let tiles: Int
  let classes: Int
  /// By the index of the variable; tile by tile, class by class, row by row. Nil where the mode has no such variable.
  private let inputs: [UnsafeMutablePointer<Double>?]
  /// N×C: 1 at the column that a row probes. Of no use for boxes.
  let mask: UnsafeMutablePointer<Double>

  init(rows: Int, classes: Int, inputs: [(variable: Variable, values: [Double])], columns: [Int]) {
    let tiles = (rows + 7) / 8
    func tiled(_ value: (Int, Int) -> Double) -> UnsafeMutablePointer<Double> {
      let start = AlignedDoubles.allocate(tiles * classes * 8)
      for tile in 0..<tiles {
        for column in 0..<classes {
          for lane in 0..<8 {
            start[(tile * classes + column) * 8 + lane] = value(min(tile * 8 + lane, rows - 1), column)
          }
        }
      }
      return start
    }
    var byVariable = [UnsafeMutablePointer<Double>?](repeating: nil, count: Variable.allCases.count)
    for input in inputs { byVariable[input.variable.index] = tiled { input.values[$0 * classes + $1] } }
    self.tiles = tiles
    self.classes = classes
    self.inputs = byVariable
    mask = tiled { columns[$0] == $1 ? 1 : 0 }
  }

  deinit {
    for input in inputs { input?.deallocate() }
    mask.deallocate()
  }

  /// The values of a variable from a tile on.
  func input(_ variable: Int, tile: Int) -> UnsafeMutablePointer<Double>? {
    inputs[variable].map { $0 + tile * classes * 8 }
  }
}

/// Room for vectors of 8 doubles.
enum AlignedDoubles {
  /// At least `count` zeros, aligned to 64 bytes; to be freed by `deallocate()`.
  static func allocate(_ count: Int) -> UnsafeMutablePointer<Double> {
    let bytes = max(count, 8) * MemoryLayout<Double>.stride
    let start = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      .bindMemory(to: Double.self, capacity: max(count, 8))
    start.initialize(repeating: 0, count: max(count, 8))
    return start
  }
}

extension ProbeSequence.Demand {
  /// The column that the rows of the sequence probe; 0 for boxes.
  var column: Int {
    switch self {
    case .logits(let label, _): label
    case .element(let column, _), .minimum(let column, _): column
    case .boxes: 0
    }
  }
}
