import CKernels
import Formulas

/// A formula as a straight line of steps, ready to run over blocks of rows.
struct ProgramPlan: Sendable {
  let formula: Formula
  let mode: Mode
  let shapes: [NodeShape]
  let depends: [Bool]
  /// The steps that run for each block.
  let steps: [formula_step]
  /// The numbers known beforehand: literals and what is computed from them, by node.
  let constants: [Float?]
  /// Whether rows depend on one another, so that the whole batch is one block.
  let couplesSamples: Bool
  /// The nodes that are variables.
  let leaves: [(node: Int, variable: Variable)]
  /// The differentiable variables of the mode that do not occur: their gradient is 0.
  let absent: [Variable]

  init(_ formula: Formula, mode: Mode, instructionSet: InstructionSet) throws(FormulaError) {
    self.formula = formula
    self.mode = mode
    let shapes = try formula.nodeShapes(in: mode)
    let depends = formula.predictionDependence(in: mode)
    self.shapes = shapes
    self.depends = depends
    couplesSamples = shapes[formula.root].couplesSamples
    leaves = formula.nodes.enumerated().compactMap { index, node in
      if case .variable(let variable) = node { (index, variable) } else { nil }
    }
    absent = mode.differentiableVariables.filter { !formula.nodes.contains(.variable($0)) }
    var constants = [Float?](repeating: nil, count: formula.nodeCount)
    var steps: [formula_step] = []
    for (index, node) in formula.nodes.enumerated() {
      if case .constant(let value) = node { constants[index] = Float(value) }
      guard let step = Self.step(index, node, shapes) else { continue }
      if shapes[index].shape == .scalar {
        constants[index] = Self.fold(step, constants, instructionSet)
      } else {
        steps.append(step)
      }
    }
    self.constants = constants
    self.steps = Self.markFirstWrites(steps, depends)
  }

  /// The number of entries of a node in a block.
  func count(of node: Int, rows: Int, classes: Int) -> Int {
    switch shapes[node].value {
    case .rankZero, .one: 1
    case .perSample: rows
    case .perElement: rows * classes
    }
  }

  /// Where a node's entries of the block that starts at a row lie in the whole batch.
  func offset(of node: Int, row: Int, classes: Int) -> Int {
    switch shapes[node].value {
    case .rankZero, .one: 0
    case .perSample: row
    case .perElement: row * classes
    }
  }

  /// The step of a node; nil for leaves.
  private static func step(_ index: Int, _ node: Node, _ shapes: [NodeShape]) -> formula_step? {
    func extent(_ node: Int) -> UInt8 {
      switch shapes[node].value {
      case .rankZero, .one: UInt8(FORMULA_ONE.rawValue)
      case .perSample: UInt8(FORMULA_ROWS.rawValue)
      case .perElement: UInt8(FORMULA_ELEMENTS.rawValue)
      }
    }
    switch node {
    case .variable, .constant: return nil
    case .unary(let primitive, let a):
      return formula_step(
        op: Int32(primitive.code), out: Int32(index), a: Int32(a), b: Int32(a), extent: extent(a), a_extent: extent(a),
        b_extent: extent(a), a_first: 0, b_first: 0)
    case .binary(let primitive, let a, let b):
      return formula_step(
        op: Int32(primitive.code), out: Int32(index), a: Int32(a), b: Int32(b), extent: max(extent(a), extent(b)),
        a_extent: extent(a), b_extent: extent(b), a_first: 0, b_first: 0)
    }
  }

  /// Runs one step on numbers known beforehand, with the kernels that would run it later.
  private static func fold(_ step: formula_step, _ constants: [Float?], _ instructionSet: InstructionSet) -> Float {
    var operands: [Float] = [constants[Int(step.a)] ?? .nan, constants[Int(step.b)] ?? .nan, .nan]
    var local = step
    (local.a, local.b, local.out) = (0, 1, 2)
    return operands.withUnsafeMutableBufferPointer { buffer in
      var places: [UnsafeMutablePointer<Float>?] = (0..<3).map { buffer.baseAddress?.advanced(by: $0) }
      formula_forward(instructionSet.rawValue, &local, 1, 1, 1, &places)
      return buffer[2]
    }
  }

  /// Marks, in the order of the backward run, which step writes a node's gradient first.
  private static func markFirstWrites(_ steps: [formula_step], _ depends: [Bool]) -> [formula_step] {
    var written = Set<Int32>()
    var marked = steps
    for index in marked.indices.reversed() where depends[Int(marked[index].out)] {
      let step = marked[index]
      if written.insert(step.a).inserted { marked[index].a_first = 1 }
      let isUnary = step.op < FORMULA_ADD.rawValue
      if !isUnary, written.insert(step.b).inserted { marked[index].b_first = 1 }
    }
    return marked
  }
}
