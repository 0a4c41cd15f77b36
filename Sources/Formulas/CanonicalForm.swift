/// One spelling for formulas that are equal by algebra.
///
/// It tells duplicates; evolution goes on with the formula as it was written, since simplification removes stepping
/// stones. For many formulas, `Canonicalizer` is faster.
public struct CanonicalForm: Hashable, Sendable {
  public let formula: Formula
  private let applied: CanonicalRules

  /// Formulas that are larger, written out as a tree, stay as they are; no search makes them. (Products and sums are kept
  /// flat, so it is the tree that has to be small.)
  public static let nodeLimit = 2000

  /// The canonical form; the formula itself when it is not one of the mode or its tree has more than `nodeLimit` nodes.
  public init(_ formula: Formula, in mode: Mode) {
    guard Self.isRewritten(formula, in: mode) else {
      self.init(formula, applied: CanonicalRules())
      return
    }
    var writer = CanonicalWriter(mode, mayDropSlopes: true)
    let root = writer.write(formula)
    self = writer.hasInfiniteSlope ? Self(keepingSlopesOf: formula, in: mode) : Self(writer, root)
  }

  /// The form of a formula with an infinite slope. Where the slope cancels, what is left is written anew without such care.
  private init(keepingSlopesOf formula: Formula, in mode: Mode) {
    var careful = CanonicalWriter(mode, mayDropSlopes: false)
    let root = careful.write(formula)
    self.init(careful, root)
    guard !careful.hasInfiniteSlope(root) else { return }
    var writer = CanonicalWriter(mode, mayDropSlopes: true)
    writer.applied = careful.applied
    let written = writer.write(self.formula)
    if !writer.hasInfiniteSlope { self.init(writer, written) }
  }

  private init(_ writer: CanonicalWriter, _ root: Int) {
    var collector = FormulaCollector()
    self.init(collector.formula(below: root, of: writer.table.nodes), applied: writer.applied)
  }

  init(_ formula: Formula, applied: CanonicalRules) {
    self.formula = formula
    self.applied = applied
  }

  /// The rules that were applied, each once, in the order of `CanonicalRule.allCases`.
  public var rules: [CanonicalRule] { CanonicalRule.allCases.filter(applied.contains) }

  /// Whether a formula is one of the mode and not too large.
  static func isRewritten(_ formula: Formula, in mode: Mode) -> Bool {
    isSmall(formula) && formula.hasShapes(in: mode)
  }

  /// Whether the tree has at most `nodeLimit` nodes; 10 different ones cannot make a larger one.
  static func isSmall(_ formula: Formula) -> Bool { formula.nodeCount <= 10 || formula.treeSize <= nodeLimit }
}

extension CanonicalWriter {
  /// Writes every node; the result is the place of the root.
  fileprivate mutating func write(_ formula: Formula) -> Int {
    var places: [Int] = []
    places.reserveCapacity(formula.nodeCount)
    for node in formula.nodes { places.append(write(node.mapChildren { places[$0] })) }
    return places[formula.root]
  }

  /// Writes one node over written children; the result is its place, or that of what it is by the rules.
  mutating func write(_ node: Node) -> Int {
    defer { tidy() }
    return switch node {
    case .variable: insert(node)
    case .constant(let value): constant(value)
    case .unary(let primitive, let child): unary(primitive, child)
    case .binary(let primitive, let left, let right): binary(primitive, left, right)
    }
  }

  private mutating func binary(_ primitive: Primitive, _ left: Int, _ right: Int) -> Int {
    switch primitive {
    case .add: return add(left, right)
    case .sub:
      applied.insert(.subtractionAsSum)
      return add(left, scaled(-1, right))
    case .mul: return multiply(left, right)
    case .div: return divide(left, right)
    case .dot: return dot(left, right)
    case .neg, .exp, .log, .abs, .sqrt, .softmax, .softplus, .sig, .sgdf, .salf, .serf, .tanh, .sin, .cos, .relu:
      return insert(.binary(primitive, left, right))
    }
  }
}

extension Formula {
  /// The canonical form; see `CanonicalForm`.
  public func canonical(in mode: Mode) -> Formula { CanonicalForm(self, in: mode).formula }
}
