/// Everything that can go wrong while a network is built or run; each message names the layer, its shapes and the mend.
public enum NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A call of the oneDNN library failed: `call` at `layer` with the shapes given; `status` is oneDNN's code.
  case oneDNN(layer: String, call: String, shapes: String, status: Int)
  /// Two values that must agree in shape do not.
  case shapeMismatch(layer: String, expected: String, found: String)
  /// An argument is outside its range, e.g. a kernel larger than the padded input.
  case invalidArgument(layer: String, problem: String)
  /// A value of another builder, or a builder that was built already, was used.
  case foreignValue(layer: String)
  /// A state does not belong to this network: its number of floats differs.
  case stateSize(expected: Int, found: Int)

  public var description: String {
    switch self {
    case .oneDNN(let layer, let call, let shapes, let status):
      "layer \(layer): oneDNN's \(call) failed with status \(status) for shapes \(shapes); "
        + "status 1 is out of memory, 2 a bad argument, 3 unimplemented: choose other channels, kernel or stride"
    case .shapeMismatch(let layer, let expected, let found):
      "layer \(layer): expected shape \(expected), found \(found); give it a value of the expected shape"
    case .invalidArgument(let layer, let problem):
      "layer \(layer): \(problem)"
    case .foreignValue(let layer):
      "layer \(layer): the value was made by another builder; use values of this builder only, before its build"
    case .stateSize(let expected, let found):
      "the state holds \(found) floats, this network needs \(expected); restore a state of the same architecture"
    }
  }
}
