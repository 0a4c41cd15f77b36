import Formulas
import Randomness

/// Draws random formulas of a grammar, typed: every part has the shape its place asks for.
///
/// Productions are drawn in proportion to their weights, leaves uniformly. Full, grow and half-and-half are Koza's
/// (Genetic Programming, 1992, section 6.2); shapes as types follow Montana (Strongly Typed Genetic Programming, 1995).
public struct FormulaGenerator: Sendable {
  public let grammar: Grammar
  /// How often a formula above the node limit is drawn anew before the least deep one is taken. Ours.
  static let attempts = 20

  public init(_ grammar: Grammar) {
    self.grammar = grammar
  }

  /// A random formula of the grammar's result shape within its limits; nil only when the grammar makes none.
  public func formula(using random: inout SeededGenerator) -> Formula? {
    let settings = grammar.settings
    guard let least = grammar.leastDepth(of: grammar.resultShape) else { return nil }
    for _ in 0..<Self.attempts {
      let depth = max(least, random.integer(in: settings.minimumDepth...settings.maximumDepth))
      let drawn = formula(of: grammar.resultShape, depth: depth, method: settings.method, using: &random)
      if let drawn, grammar.accepts(drawn) { return drawn }
    }
    let smallest = formula(of: grammar.resultShape, depth: max(1, least), method: .grow, using: &random)
    return smallest.flatMap { grammar.accepts($0) ? $0 : nil }
  }

  /// A random formula of a shape and at most a depth; nil when the grammar makes none. Its root is a leaf only where
  /// depth is 0 or no production fits.
  public func formula(of shape: ValueShape, depth: Int, method: GenerationMethod, using random: inout SeededGenerator)
    -> Formula?
  {
    guard let least = grammar.leastDepth(of: shape), least <= depth else { return nil }
    let grows =
      switch method {
      case .grow: true
      case .full: false
      case .halfAndHalf: random.chance(0.5)
      }
    var builder = FormulaBuilder()
    guard let root = part(of: shape, depth: depth, place: .root, grows: grows, &builder, &random) else { return nil }
    return builder.build(root: root)
  }

  /// What a place asks of the part that fills it.
  private enum Place {
    /// No leaf if a production fits.
    case root
    /// Anything of the shape.
    case argument
    /// No leaf at all: Sin and Cos refuse literals.
    case computed
  }

  private func part(
    of shape: ValueShape, depth: Int, place: Place, grows: Bool, _ builder: inout FormulaBuilder,
    _ random: inout SeededGenerator
  ) -> Int? {
    let productions = grammar.productions(of: shape, depth: depth)
    let isLeaf =
      switch place {
      case .root: productions.isEmpty
      case .argument: productions.isEmpty || endsHere(shape, grows: grows, &random)
      case .computed: false
      }
    if isLeaf, let leaf = random.element(of: grammar.leaves(of: shape)) { return builder.insert(leaf) }
    guard let drawn = random.index(weights: productions.map(\.weight)) else { return nil }
    let production = productions[drawn]
    var arguments: [Int] = []
    for argument in production.arguments {
      let refusesLiteral = Grammar.refusesLiteral(production.primitive) && argument == .one
      let inner = part(
        of: argument, depth: depth - 1, place: refusesLiteral ? .computed : .argument, grows: grows, &builder, &random)
      guard let inner else { return nil }
      arguments.append(inner)
    }
    return arguments.count == 1
      ? builder.unary(production.primitive, arguments[0])
      : builder.binary(production.primitive, arguments[0], arguments[1])
  }

  private func endsHere(_ shape: ValueShape, grows: Bool, _ random: inout SeededGenerator) -> Bool {
    if shape == .one { return random.chance(grammar.settings.literalProbability) }
    return grows && random.chance(grammar.settings.leafProbability)
  }
}
