import Formulas
import Losses

/// Makes the inputs of a formula from choices: what the wrappers would pass, or numbers at every edge of Float.
enum InputDecoder {
  /// Up to 40 rows and 12 classes.
  static func inputs(of mode: Mode, from choices: inout Choices) -> LossInputs<Float> {
    let rows = choices.index(below: 41)
    let classes = mode.variableShape == .perElement ? 1 + choices.index(below: 12) : 1
    var inputs = LossInputs<Float>(rows: rows, classes: classes)
    let isWild = choices.byte() % 4 == 0
    // A few numbers are repeated over the batch in an order of their own for each variable.
    for (place, variable) in mode.variables.enumerated() {
      let pool = (0..<(1 + choices.index(below: 7))).map { _ in number(&choices, variable, isWild: isWild) }
      inputs[variable] = (0..<(rows * classes)).map { pool[$0 * (2 * place + 1) % pool.count] }
    }
    return inputs
  }

  private static func number(_ choices: inout Choices, _ variable: Variable, isWild: Bool) -> Float {
    let code = Int(choices.byte())
    if isWild {
      return code < edges.count ? edges[code] : Float(bitPattern: UInt32(choices.bits(4)))
    }
    switch variable {
    case .x: return Float(code - 128) / 8
    case .y, .py, .ny: return code % 2 == 0 ? 0 : 1
    case .z, .q: return Float(code) / 255
    case .i: return Float(code) * 4
    case .u, .e: return Float(code) * 8 + 1
    }
  }

  private static let edges: [Float] = [
    0, -0.0, 1, -1, .nan, .infinity, -.infinity, Float.leastNonzeroMagnitude, -Float.leastNonzeroMagnitude, 1e-38,
    3.4e38, -3.4e38, 1e-20, -1e-20, 88, 88.00001,
    -88, -104, 17, 20, 20.000002, 1e10, 1e20, -1e20, 3.1415927, 1e5, 16_777_216, 0.5,
  ]
}
