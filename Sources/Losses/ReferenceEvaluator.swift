import Formulas

/// Defines what a formula means: value and gradient in Double by plain loops, one node after the other.
public struct ReferenceEvaluator: Sendable {
  public let formula: Formula
  public let mode: Mode
  private let shapes: [NodeShape]
  private let depends: [Bool]
  /// What happens to the result of every operation, forward and backward; nil keeps it.
  private let rounding: (@Sendable (Double) -> Double)?

  /// - Throws: `FormulaError` when the formula is not one of the mode.
  public init(_ formula: Formula, mode: Mode) throws(FormulaError) {
    try self.init(formula, mode: mode, rounding: nil)
  }

  /// An evaluator whose operations are disturbed, to see how much rounding a formula bears.
  package init(_ formula: Formula, mode: Mode, rounding: (@Sendable (Double) -> Double)?) throws(FormulaError) {
    self.rounding = rounding
    self.formula = formula
    self.mode = mode
    shapes = try formula.nodeShapes(in: mode)
    depends = formula.predictionDependence(in: mode)
  }

  /// The shape of the value.
  public var shape: ValueShape { shapes[formula.root].value }

  /// The value alone, row-major.
  /// - Throws: `LossInputError` when a variable is missing or has the wrong number of values.
  public func value(_ inputs: LossInputs<Double>) throws(LossInputError) -> [Double] {
    try inputs.check(for: formula, in: mode)
    return forward(inputs)[formula.root]
  }

  /// Value and gradient.
  /// - Parameters:
  ///   - inputs: every variable of the formula.
  ///   - upstream: a weight for each entry of the value (nil: all 1); the gradient is that of the weighted sum.
  /// - Throws: `LossInputError`.
  public func evaluate(_ inputs: LossInputs<Double>, upstream: [Double]? = nil) throws(LossInputError)
    -> LossResult<Double>
  {
    try inputs.check(for: formula, in: mode)
    let values = forward(inputs)
    let gradients = backward(inputs, values: values, upstream: upstream)
    var byVariable: [Variable: [Double]] = [:]
    for (index, node) in formula.nodes.enumerated() {
      if case .variable(let variable) = node, depends[index] { byVariable[variable] = gradients[index] }
    }
    return LossResult(shape: shape, value: values[formula.root], gradients: byVariable)
  }

  private func forward(_ inputs: LossInputs<Double>) -> [[Double]] {
    var values: [[Double]] = []
    values.reserveCapacity(formula.nodeCount)
    for (index, node) in formula.nodes.enumerated() {
      defer { if let rounding, !node.isLeaf { values[index] = values[index].map(rounding) } }
      switch node {
      case .variable(let variable): values.append(inputs[variable] ?? [])
      case .constant(let value): values.append([value])
      case .unary(.softmax, let child):
        values.append(ReferenceFunctions.softmax(values[child], columns: inputs.classes))
      case .unary(let primitive, let child):
        values.append(values[child].map { ReferenceFunctions.value(primitive, $0) })
      case .binary(let primitive, let left, let right):
        let (a, b) = (values[left], values[right])
        let count = joinedCount(left, right, inputs)
        let joined = (0..<count).map {
          ReferenceFunctions.value(primitive, a[isOne(left) ? 0 : $0], b[isOne(right) ? 0 : $0])
        }
        values.append(primitive == .dot ? Self.sums(joined, into: self.count(index, inputs)) : joined)
      }
    }
    return values
  }

  private func backward(_ inputs: LossInputs<Double>, values: [[Double]], upstream: [Double]?) -> [[Double]] {
    var gradients = values.map { [Double](repeating: 0, count: $0.count) }
    gradients[formula.root] = upstream ?? [Double](repeating: 1, count: values[formula.root].count)
    for (index, node) in formula.nodes.enumerated().reversed() where depends[index] {
      if let rounding { gradients[index] = gradients[index].map(rounding) }
      let g = gradients[index]
      switch node {
      case .variable, .constant: continue
      case .unary(.softmax, let child):
        ReferenceFunctions.addSoftmaxPullback(r: values[index], g: g, columns: inputs.classes, to: &gradients[child])
      case .unary(let primitive, let child):
        for k in g.indices {
          let pulled = ReferenceFunctions.pullback(primitive, x: values[child][k], r: values[index][k], g: g[k])
          gradients[child][k] += rounding?(pulled) ?? pulled
        }
      case .binary(let primitive, let left, let right):
        let columns = primitive == .dot ? dotColumns(left, right, inputs) : 1
        for k in 0..<joinedCount(left, right, inputs) {
          let (i, j) = (isOne(left) ? 0 : k, isOne(right) ? 0 : k)
          let pulled = ReferenceFunctions.pullback(
            primitive, a: values[left][i], b: values[right][j], g: g[k / columns])
          if depends[left] { gradients[left][i] += rounding?(pulled.0) ?? pulled.0 }
          if depends[right] { gradients[right][j] += rounding?(pulled.1) ?? pulled.1 }
        }
      }
    }
    return gradients
  }

  /// Whether a node holds one number for everything.
  private func isOne(_ node: Int) -> Bool {
    switch shapes[node].value {
    case .rankZero, .one: true
    case .perSample, .perElement: false
    }
  }

  /// One number spreads over any count, also over none.
  private func joinedCount(_ left: Int, _ right: Int, _ inputs: LossInputs<Double>) -> Int {
    count(isOne(left) ? right : left, inputs)
  }

  private func count(_ node: Int, _ inputs: LossInputs<Double>) -> Int {
    shapes[node].value.extents(rows: inputs.rows, classes: inputs.classes).reduce(1, *)
  }

  /// How many products a Dot sums into one number: the length of the last axis.
  private func dotColumns(_ left: Int, _ right: Int, _ inputs: LossInputs<Double>) -> Int {
    let perElement = shapes[left].value == .perElement || shapes[right].value == .perElement
    return perElement ? inputs.classes : joinedCount(left, right, inputs)
  }

  /// Sums of runs of equal length, as many as asked for; 0 where there is nothing to sum.
  private static func sums(_ values: [Double], into count: Int) -> [Double] {
    let columns = values.count / max(count, 1)
    return (0..<count).map { values[($0 * columns)..<(($0 + 1) * columns)].reduce(0, +) }
  }
}
