import Formulas
import Foundation
import Losses

/// Evaluates a formula and keeps value and gradient of every node; in Double, or rounded to a narrower format after every
/// operation, forward and backward.
///
/// In Double it agrees with `ReferenceEvaluator`, of which it shares the functions. It also says what follows when one node
/// is held at a number.
package struct NodeTracer: Sendable {
  package let formula: Formula
  package let mode: Mode
  let shapes: [NodeShape]
  /// For each node, whether a prediction lies at or below it.
  let depends: [Bool]

  /// - Throws: `FormulaError` when the formula is not one of the mode.
  package init(_ formula: Formula, mode: Mode) throws(FormulaError) {
    self.formula = formula
    self.mode = mode
    shapes = try formula.nodeShapes(in: mode)
    depends = formula.predictionDependence(in: mode)
  }

  /// A node whose value is a number, whatever lies below it.
  package struct Hold {
    let node: Int
    let value: Double

    package init(node: Int, value: Double) {
      self.node = node
      self.value = value
    }
  }

  /// Value and gradient of every node; the gradient is that of the sum of the root's value.
  /// - Parameter inputs: every variable of the mode, with the shapes that the mode says.
  package func trace(_ inputs: LossInputs<Double>, in format: FloatFormat? = nil, holding hold: Hold? = nil)
    -> NodeTrace
  {
    let values = forward(inputs, format, hold)
    return NodeTrace(values: values, adjoints: backward(inputs, values, format, hold))
  }

  private func forward(_ inputs: LossInputs<Double>, _ format: FloatFormat?, _ hold: Hold?) -> [[Double]] {
    let epsilon = Self.epsilon(format)
    var values: [[Double]] = []
    values.reserveCapacity(formula.nodeCount)
    for (index, node) in formula.nodes.enumerated() {
      let size = count(index, inputs)
      if let hold, hold.node == index {
        values.append([Double](repeating: hold.value, count: size))
        continue
      }
      var result: [Double]
      switch node {
      case .variable(let variable): result = inputs[variable] ?? [Double](repeating: .nan, count: size)
      case .constant(let value): result = [value]
      case .unary(.softmax, let child): result = ReferenceFunctions.softmax(values[child], columns: inputs.classes)
      case .unary(.log, let child): result = values[child].map { log($0 + epsilon) }
      case .unary(let primitive, let child):
        result = values[child].map { format?.value(primitive, $0) ?? ReferenceFunctions.value(primitive, $0) }
      case .binary(let primitive, let left, let right):
        result = joined(primitive, values[left], values[right], max(count(left, inputs), count(right, inputs)), epsilon)
        if primitive == .dot { result = Self.sums(result, columns: dotColumns(left, right, inputs)) }
      }
      if let format { for k in result.indices { result[k] = format.rounded(result[k]) } }
      values.append(result)
    }
    return values
  }

  private func joined(_ primitive: Primitive, _ a: [Double], _ b: [Double], _ size: Int, _ epsilon: Double) -> [Double]
  {
    let (da, db) = (a.count == size ? 1 : 0, b.count == size ? 1 : 0)
    return (0..<size).map { k in
      primitive == .div
        ? a[k * da] / (b[k * db] + epsilon) : ReferenceFunctions.value(primitive, a[k * da], b[k * db])
    }
  }

  private func backward(
    _ inputs: LossInputs<Double>, _ values: [[Double]], _ format: FloatFormat?, _ hold: Hold?
  ) -> [[Double]] {
    let epsilon = Self.epsilon(format)
    var adjoints = values.map { [Double](repeating: 0, count: $0.count) }
    adjoints[formula.root] = [Double](repeating: 1, count: values[formula.root].count)
    for (index, node) in formula.nodes.enumerated().reversed() where hold?.node != index {
      if let format { for k in adjoints[index].indices { adjoints[index][k] = format.rounded(adjoints[index][k]) } }
      let g = adjoints[index]
      switch node {
      case .variable, .constant: continue
      case .unary(.softmax, let child):
        ReferenceFunctions.addSoftmaxPullback(r: values[index], g: g, columns: inputs.classes, to: &adjoints[child])
      case .unary(.log, let child):
        for k in g.indices { adjoints[child][k] += g[k] / (values[child][k] + epsilon) }
      case .unary(let primitive, let child):
        for k in g.indices {
          let (x, r) = (values[child][k], values[index][k])
          adjoints[child][k] +=
            format?.pullback(primitive, x: x, r: r, g: g[k])
            ?? ReferenceFunctions.pullback(primitive, x: x, r: r, g: g[k])
        }
      case .binary(let primitive, let left, let right):
        let size = max(values[left].count, values[right].count)
        let columns = primitive == .dot ? dotColumns(left, right, inputs) : 1
        let (dl, dr) = (values[left].count == size ? 1 : 0, values[right].count == size ? 1 : 0)
        for k in 0..<size {
          let (a, b) = (values[left][k * dl], values[right][k * dr])
          let upstream = g[g.count == 1 ? 0 : k / columns]
          let pulled =
            primitive == .div
            ? Self.quotientPullback(a, b + epsilon, upstream)
            : ReferenceFunctions.pullback(primitive, a: a, b: b, g: upstream)
          adjoints[left][k * dl] += pulled.0
          adjoints[right][k * dr] += pulled.1
        }
      }
    }
    return adjoints
  }

  private static func quotientPullback(_ a: Double, _ d: Double, _ g: Double) -> (Double, Double) {
    (g / d, -g * ((a / d) / d))
  }

  /// eps as the format holds it: 0 in fp16.
  private static func epsilon(_ format: FloatFormat?) -> Double {
    format.map { $0.rounded(ReferenceFunctions.epsilon) } ?? ReferenceFunctions.epsilon
  }

  /// How many numbers a node has.
  private func count(_ node: Int, _ inputs: LossInputs<Double>) -> Int {
    shapes[node].value.extents(rows: inputs.rows, classes: inputs.classes).reduce(1, *)
  }

  /// How many products a Dot sums into one number.
  private func dotColumns(_ left: Int, _ right: Int, _ inputs: LossInputs<Double>) -> Int {
    let perElement = shapes[left].value == .perElement || shapes[right].value == .perElement
    return max(1, perElement ? inputs.classes : max(count(left, inputs), count(right, inputs)))
  }

  private static func sums(_ values: [Double], columns: Int) -> [Double] {
    stride(from: 0, to: values.count, by: columns).map { values[$0..<min($0 + columns, values.count)].reduce(0, +) }
  }
}

/// Value and gradient of every node on one batch, row-major: N×C, N or one number each.
package struct NodeTrace: Sendable {
  package let values: [[Double]]
  /// The derivative of the sum of the root's value with respect to each number of each node.
  package let adjoints: [[Double]]
}
