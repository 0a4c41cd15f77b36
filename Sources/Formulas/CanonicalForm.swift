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

  /// The canonical form; the formula itself when it is not one of the mode, when its tree has more than `nodeLimit` nodes,
  /// when numbers in it make one that is too large or too small for Double, or when its long sums or products, which are
  /// nested one in the other, could not be read again.
  public init(_ formula: Formula, in mode: Mode) {
    guard Self.isRewritten(formula, in: mode) else {
      self.init(formula, applied: CanonicalRules())
      return
    }
    var (written, applied, needsAnotherPass) = Self.pass(over: formula, in: mode)
    var passes = 1
    while needsAnotherPass, passes < Self.passLimit, Self.isRewritten(written, in: mode) {
      let again = Self.pass(over: written, in: mode)
      needsAnotherPass = again.needsAnotherPass && again.formula != written
      applied.formUnion(again.applied)
      written = again.formula
      passes += 1
    }
    if written.isReadable {
      self.init(written, applied: applied)
    } else {
      self.init(formula, applied: CanonicalRules())
    }
  }

  init(_ formula: Formula, applied: CanonicalRules) {
    self.formula = formula
    self.applied = applied
  }

  /// More passes than any formula is known to need.
  private static let passLimit = 8

  /// What one pass makes of a formula. Another is needed where an infinite slope cancelled (a Sqrt is gone), since what is
  /// left is written without care for it; and where a part has rank 0: a number in front makes it `[1]`, which can be
  /// folded then.
  private static func pass(over formula: Formula, in mode: Mode)
    -> (formula: Formula, applied: CanonicalRules, needsAnotherPass: Bool)
  {
    var writer = CanonicalWriter(mode, mayDropSlopes: true)
    var places = writer.write(formula)
    let hasInfiniteSlope = writer.hasInfiniteSlope
    if hasInfiniteSlope {
      writer = CanonicalWriter(mode, mayDropSlopes: false)
      places = writer.write(formula)
    }
    if writer.leavesDouble { return (formula, CanonicalRules(), false) }
    var collector = FormulaCollector()
    let written = collector.formula(below: places[formula.root], of: writer.table.nodes)
    let needsAnotherPass =
      writer.hasRankZero || (hasInfiniteSlope && writer.lostRoot(of: formula, at: places, in: written))
    return (written, writer.applied, needsAnotherPass)
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
  /// Writes every node; the result is their places.
  fileprivate mutating func write(_ formula: Formula) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(formula.nodeCount)
    for node in formula.nodes { places.append(write(node.mapChildren { places[$0] })) }
    return places
  }

  /// Whether some Sqrt of a formula, whose nodes were written at `places`, is no longer in what was written.
  func lostRoot(of formula: Formula, at places: [Int], in written: Formula) -> Bool {
    var missing = written.nodes.reduce(0) { $1.isRoot ? $0 - 1 : $0 }
    for (index, node) in formula.nodes.enumerated() where node.isRoot && table[places[index]].isRoot {
      let isFirst = !(0..<index).contains { formula.nodes[$0].isRoot && places[$0] == places[index] }
      if isFirst { missing += 1 }
    }
    return missing > 0
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

extension Node {
  fileprivate var isRoot: Bool { if case .unary(.sqrt, _) = self { true } else { false } }
}

extension Formula {
  /// Whether the printed formula is not nested deeper than can be read.
  var isReadable: Bool { nodeCount <= Self.maximumDepth || depth <= Self.maximumDepth }

  /// The canonical form; see `CanonicalForm`.
  public func canonical(in mode: Mode) -> Formula { CanonicalForm(self, in: mode).formula }
}
