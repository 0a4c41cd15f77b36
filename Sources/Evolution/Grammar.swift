import Formulas

/// The productions of a search space: which primitive makes which shape from which shapes.
///
/// Shapes are `one` (constants), `perSample` (N) and `perElement` (N×C). Sums over the samples of a batch have no
/// production, so no generated formula couples samples.
public struct Grammar: Sendable {
  /// One way to make a value of a shape.
  public struct Production: Hashable, Sendable {
    public let primitive: Primitive
    public let arguments: [ValueShape]
    public let result: ValueShape
    public let weight: Double
  }

  public let settings: GrammarSettings
  public let productions: [Production]
  private let leastDepths: [ValueShape: Int]

  public init(_ settings: GrammarSettings) {
    self.settings = settings
    productions = Self.productions(of: settings)
    leastDepths = Self.leastDepths(settings, productions)
  }

  /// The shape of a trainable result.
  public static func resultShape(of mode: Mode) -> ValueShape {
    switch mode {
    case .multiClass, .regression: .perSample
    case .binaryClass: .perElement
    }
  }

  public var resultShape: ValueShape { Self.resultShape(of: settings.mode) }

  /// The leaves of a shape.
  public func leaves(of shape: ValueShape) -> [Node] {
    if shape == .one { return settings.constants.map(Node.constant) }
    return shape == settings.mode.variableShape ? settings.variables.map(Node.variable) : []
  }

  /// The least depth of a value of the shape; nil when the grammar cannot make one.
  public func leastDepth(of shape: ValueShape) -> Int? { leastDepths[shape] }

  /// The productions of a shape that fit into a depth, in a fixed order.
  public func productions(of shape: ValueShape, depth: Int) -> [Production] {
    productions.filter { production in
      production.result == shape && production.weight > 0 && leastDepth(of: production).map { $0 <= depth } ?? false
    }
  }

  /// The least depth of a value made by this production.
  func leastDepth(of production: Production) -> Int? {
    var depth = 0
    for argument in production.arguments {
      guard let least = leastDepths[argument] else { return nil }
      depth = max(depth, least + 1)
    }
    return Self.refusesLiteral(production.primitive) && production.arguments == [.one] ? max(depth, 2) : depth
  }

  /// Sin and Cos of a literal cannot be loaded by the original tool; the search never makes one.
  static func refusesLiteral(_ primitive: Primitive) -> Bool { primitive == .sin || primitive == .cos }

  private static func productions(of settings: GrammarSettings) -> [Production] {
    let shapes: [ValueShape] =
      settings.mode == .multiClass ? [.one, .perSample, .perElement] : [.one, settings.mode.variableShape]
    var found: [Production] = []
    for primitive in settings.primitives {
      switch (primitive, primitive.arity) {
      case (.softmax, _):
        if settings.mode.variableShape == .perElement {
          found.append(
            Production(primitive: .softmax, arguments: [.perElement], result: .perElement, weight: settings.unaryWeight)
          )
        }
      case (.dot, _):
        for arguments in [[ValueShape.perElement, .perElement], [.perElement, .one], [.one, .perElement]] {
          let share = arguments.contains(.one) ? settings.constantArgumentWeight : 1
          found.append(
            Production(
              primitive: .dot, arguments: arguments, result: .perSample, weight: settings.reducingWeight * share))
        }
      case (_, 1):
        for shape in shapes {
          found.append(
            Production(primitive: primitive, arguments: [shape], result: shape, weight: settings.unaryWeight))
        }
      case (_, _):
        for shape in shapes {
          found.append(
            Production(primitive: primitive, arguments: [shape, shape], result: shape, weight: settings.binaryWeight))
          guard shape != .one else { continue }
          for arguments in [[ValueShape.one, shape], [shape, .one]] {
            found.append(
              Production(
                primitive: primitive, arguments: arguments, result: shape,
                weight: settings.binaryWeight * settings.constantArgumentWeight))
          }
        }
      }
    }
    return found
  }

  private static func leastDepths(_ settings: GrammarSettings, _ productions: [Production]) -> [ValueShape: Int] {
    var depths: [ValueShape: Int] = [:]
    if !settings.constants.isEmpty { depths[.one] = 0 }
    if !settings.variables.isEmpty { depths[settings.mode.variableShape] = 0 }
    var changed = true
    while changed {
      changed = false
      for production in productions where production.weight > 0 {
        let arguments = production.arguments.compactMap { depths[$0] }
        guard arguments.count == production.arguments.count, let deepest = arguments.max() else { continue }
        if depths[production.result].map({ $0 > deepest + 1 }) ?? true {
          depths[production.result] = deepest + 1
          changed = true
        }
      }
    }
    return depths
  }
}
