/// The static shape rules of the formula language (golden README, "Shapes").
enum ShapeRule {
  /// The shape of a leaf in a mode.
  static func leaf(_ node: Node, in mode: Mode) -> NodeShape {
    if case .variable = node { return NodeShape(mode.variableShape) }
    return NodeShape(.one)
  }

  /// The shape of a primitive of one argument; Serf and Sgdf turn rank 0 into `[1]`, Softmax needs rank 2.
  static func unary(_ primitive: Primitive, _ child: NodeShape) throws(ShapeFault) -> NodeShape {
    switch primitive {
    case .softmax:
      guard child.value == .perElement else { throw ShapeFault.softmaxOfLowRank(child.value) }
      return child
    case .serf, .sgdf:
      return NodeShape(child.value == .rankZero ? .one : child.value, couplesSamples: child.couplesSamples)
    case .neg, .exp, .log, .abs, .sqrt, .softplus, .sig, .salf, .tanh, .sin, .cos, .relu, .add, .sub, .mul, .div,
      .dot:
      return child
    }
  }

  /// The shape of a primitive of two arguments; Dot then sums the last axis.
  static func binary(_ primitive: Primitive, _ left: NodeShape, _ right: NodeShape) throws(ShapeFault) -> NodeShape {
    let couples = left.couplesSamples || right.couplesSamples
    let joined = try broadcast(left.value, right.value)
    guard primitive == .dot else { return NodeShape(joined, couplesSamples: couples) }
    switch joined {
    case .rankZero: throw ShapeFault.dotOfScalars
    case .one: return NodeShape(.rankZero, couplesSamples: couples)
    case .perSample: return NodeShape(.rankZero, couplesSamples: true)
    case .perElement: return NodeShape(.perSample, couplesSamples: couples)
    }
  }

  /// The shape of a node over children of known shapes.
  static func shape(of node: Node, in mode: Mode, _ child: (Int) -> NodeShape) throws(ShapeFault) -> NodeShape {
    switch node {
    case .variable, .constant: leaf(node, in: mode)
    case .unary(let primitive, let argument): try unary(primitive, child(argument))
    case .binary(let primitive, let left, let right): try binary(primitive, child(left), child(right))
    }
  }

  /// Scalars and `[1]` spread over everything; `[N]` and `[N, C]` do not combine.
  private static func broadcast(_ left: ValueShape, _ right: ValueShape) throws(ShapeFault) -> ValueShape {
    switch (left, right) {
    case (.perSample, .perElement), (.perElement, .perSample): throw ShapeFault.sampleWithElement
    case (.perElement, _), (_, .perElement): return .perElement
    case (.perSample, _), (_, .perSample): return .perSample
    case (.one, _), (_, .one): return .one
    case (.rankZero, .rankZero): return .rankZero
    }
  }
}

/// Why two shapes do not go together.
public enum ShapeFault: Error, Hashable, Sendable {
  case sampleWithElement
  case softmaxOfLowRank(ValueShape)
  case dotOfScalars
}

extension Formula {
  /// The shape of the result.
  /// - Throws: `FormulaError` for names that are not of the mode and for shapes that do not combine; its place is in
  ///   the printed formula.
  public func shape(in mode: Mode) throws(FormulaError) -> Shape {
    try nodeShapes(in: mode)[root].shape
  }

  /// Whether the result, or any part of it, sums over the samples of a batch.
  public func couplesSamples(in mode: Mode) throws(FormulaError) -> Bool {
    try nodeShapes(in: mode)[root].couplesSamples
  }

  /// The shape of every node, in the order of `nodes`.
  /// - Throws: as `shape(in:)`.
  public func nodeShapes(in mode: Mode) throws(FormulaError) -> [NodeShape] {
    try checkedShapes(in: mode) { kind, node in
      FormulaError(kind, source: description, offset: printedOffset(of: node))
    }
  }

  /// Puts the shape of every node into an array, which keeps its room; false when a name is not of the mode or shapes do not
  /// combine.
  package func nodeShapes(in mode: Mode, into shapes: inout [NodeShape]) -> Bool {
    shapes.removeAll(keepingCapacity: true)
    do throws(ShapeFault) {
      for node in nodes {
        guard NameRule.allows(node, in: mode) else { return false }
        shapes.append(try ShapeRule.shape(of: node, in: mode) { shapes[$0] })
      }
      return true
    } catch {
      return false
    }
  }

  /// Whether names are of the mode and shapes combine, without saying where they do not.
  func hasShapes(in mode: Mode) -> Bool {
    withUnsafeTemporaryAllocation(of: NodeShape.self, capacity: nodes.count) { shapes in
      do throws(ShapeFault) {
        for (index, node) in nodes.enumerated() {
          guard NameRule.allows(node, in: mode) else { return false }
          shapes[index] = try ShapeRule.shape(of: node, in: mode) { shapes[$0] }
        }
        return true
      } catch {
        return false
      }
    }
  }

  /// The shapes, or the error made by `report` from what is wrong and the node where it is.
  func checkedShapes(in mode: Mode, report: (FormulaError.Kind, Int) -> FormulaError) throws(FormulaError)
    -> [NodeShape]
  {
    var shapes: [NodeShape] = []
    shapes.reserveCapacity(nodes.count)
    for (index, node) in nodes.enumerated() {
      if !NameRule.allows(node, in: mode), let kind = NameRule.fault(of: node, in: mode) { throw report(kind, index) }
      do throws(ShapeFault) {
        shapes.append(try ShapeRule.shape(of: node, in: mode) { shapes[$0] })
      } catch {
        throw report(.shape(error), index)
      }
    }
    return shapes
  }
}

/// Which names a mode knows.
enum NameRule {
  static func allows(_ node: Node, in mode: Mode) -> Bool {
    switch node {
    case .variable(let variable): mode.has(variable)
    case .constant: true
    case .unary(let primitive, _), .binary(let primitive, _, _): mode.has(primitive)
    }
  }

  static func fault(of node: Node, in mode: Mode) -> FormulaError.Kind? {
    switch node {
    case .variable(let variable):
      mode.has(variable) ? nil : .variableNotOfMode(variable, mode)
    case .constant: nil
    case .unary(let primitive, _), .binary(let primitive, _, _):
      mode.has(primitive) ? nil : .primitiveNotOfMode(primitive, mode)
    }
  }
}
