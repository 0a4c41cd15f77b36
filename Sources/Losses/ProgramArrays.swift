import Formulas

extension Program {
  /// Value and gradient from arrays, for places where speed does not matter.
  /// - Throws: `LossInputError` when a variable is missing or has the wrong number of values.
  public func evaluate(_ inputs: LossInputs<Float>, upstream: [Float]? = nil) throws(LossInputError)
    -> LossResult<Float>
  {
    try inputs.check(for: formula, in: mode)
    var value = [Float](repeating: 0, count: valueCount(rows: inputs.rows, classes: inputs.classes))
    let pointers = OwnedPointers(inputs, mode: mode)
    value.withUnsafeMutableBufferPointer { value in
      if let upstream {
        upstream.withUnsafeBufferPointer { upstream in
          run(inputs, pointers, upstream.baseAddress, value.baseAddress)
        }
      } else {
        run(inputs, pointers, nil, value.baseAddress)
      }
    }
    var gradients: [Variable: [Float]] = [:]
    for variable in mode.differentiableVariables where depends(on: variable) {
      gradients[variable] = pointers.gradient(of: variable)
    }
    return LossResult(shape: shape, value: value, gradients: gradients)
  }

  private func run(
    _ inputs: LossInputs<Float>, _ pointers: OwnedPointers, _ upstream: UnsafePointer<Float>?,
    _ value: UnsafeMutablePointer<Float>?
  ) {
    evaluate(
      inputs: pointers.inputs, rows: inputs.rows, classes: inputs.classes, upstream: upstream, value: value,
      gradients: pointers.gradients)
  }
}

/// Copies of a batch's inputs and room for its gradients, freed with the object.
private final class OwnedPointers {
  private(set) var inputs = InputPointers()
  private(set) var gradients = GradientPointers()
  private let count: Int
  private var owned: [UnsafeMutablePointer<Float>] = []

  init(_ values: LossInputs<Float>, mode: Mode) {
    count = values.rows * (mode.variableShape == .perElement ? values.classes : 1)
    for variable in mode.variables {
      guard let numbers = values[variable] else { continue }
      let copy = UnsafeMutablePointer<Float>.allocate(capacity: max(numbers.count, 1))
      copy.update(from: numbers, count: numbers.count)
      owned.append(copy)
      inputs[variable] = UnsafePointer(copy)
    }
    for variable in mode.differentiableVariables {
      let room = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
      owned.append(room)
      gradients[variable] = room
    }
  }

  func gradient(of variable: Variable) -> [Float] {
    Array(UnsafeBufferPointer(start: gradients[variable], count: count))
  }

  deinit { for pointer in owned { pointer.deallocate() } }
}
