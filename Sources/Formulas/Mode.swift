/// What a formula is a loss for; the mode fixes its variables, its primitives and the shape of a trainable result.
public enum Mode: String, CaseIterable, Hashable, Sendable, Codable {
  /// One label out of C for each sample (softmax heads, two-stage detectors); logits N×C include the background.
  case multiClass = "MULTI_CLS"
  /// C independent yes-or-no questions for each sample (sigmoid heads, one-stage detectors); logits N×C.
  case binaryClass = "BINARY_CLS"
  /// One number for each pair of predicted and target box, from three areas of N boxes.
  case regression = "REG"

  /// The variables in the order of the original tool's arguments.
  public var variables: [Variable] {
    switch self {
    case .multiClass: [.x, .y, .z]
    case .binaryClass: [.x, .q, .py, .ny]
    case .regression: [.u, .i, .e]
    }
  }

  /// The variables that depend on the prediction; gradients exist with respect to these only.
  public var differentiableVariables: [Variable] {
    switch self {
    case .multiClass, .binaryClass: [.x]
    case .regression: [.u, .i, .e]
    }
  }

  /// Whether a variable depends on the prediction.
  public func isDifferentiable(_ variable: Variable) -> Bool {
    switch variable {
    case .x, .u, .i, .e: true
    case .y, .z, .q, .py, .ny: false
    }
  }

  /// Whether a variable is one of the mode's.
  func has(_ variable: Variable) -> Bool {
    switch variable {
    case .x: self != .regression
    case .y, .z: self == .multiClass
    case .q, .py, .ny: self == .binaryClass
    case .u, .i, .e: self == .regression
    }
  }

  /// Whether a primitive is one of the mode's.
  func has(_ primitive: Primitive) -> Bool {
    switch primitive {
    case .dot: self == .multiClass
    case .softmax, .sgdf, .salf, .serf: self != .regression
    case .neg, .exp, .log, .abs, .sqrt, .softplus, .sig, .tanh, .sin, .cos, .relu, .add, .sub, .mul, .div: true
    }
  }

  /// The primitives of the mode, in the order of the original tool's primitive sets.
  public var primitives: [Primitive] {
    switch self {
    case .multiClass: Primitive.allCases
    case .binaryClass: Primitive.allCases.filter { $0 != .dot }
    case .regression:
      [
        .add, .sub, .mul, .neg, .log, .exp, .div, .abs, .sqrt, .softplus, .sig, .tanh, .relu, .sin, .cos,
      ]
    }
  }

  /// The shape that a result must have to be trained on.
  public var trainableShape: Shape {
    switch self {
    case .multiClass, .regression: .perSample
    case .binaryClass: .perElement
    }
  }

  /// The shape of the variables of the mode: N×C logits, or N areas.
  public var variableShape: ValueShape {
    switch self {
    case .multiClass, .binaryClass: .perElement
    case .regression: .perSample
    }
  }
}
