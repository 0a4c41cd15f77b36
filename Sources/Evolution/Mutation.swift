import Formulas
import Randomness

/// One small random change of a formula.
public enum MutationKind: String, Codable, Hashable, Sendable, CaseIterable {
  /// A leaf or a primitive gives way to another with the same number of arguments.
  case point
  /// A literal gives way to another literal.
  case constant
  /// A part gives way to something that stands deeper inside it.
  case hoist
  /// A new primitive is put around a part.
  case insert
  /// A primitive is taken out; one of its arguments takes its place.
  case delete
  /// A part gives way to a random one.
  case subtree
}

/// Applies mutations so that the result is legal in the grammar.
public struct Mutation: Sendable {
  public let grammar: Grammar
  public let settings: VariationSettings
  private let generator: FormulaGenerator

  public init(_ grammar: Grammar, settings: VariationSettings = .standard) {
    self.grammar = grammar
    self.settings = settings
    generator = FormulaGenerator(grammar)
  }

  /// A legal formula that differs from the given one by one change of the kind; nil when no attempt gave one.
  public func mutant(of formula: Formula, kind: MutationKind, using random: inout SeededGenerator) -> Formula? {
    guard let shapes = try? formula.nodeShapes(in: grammar.settings.mode).map(\.value) else { return nil }
    let targets = formula.nodes.indices.filter { isTarget($0, of: kind, in: formula) }
    for _ in 0..<settings.attempts {
      guard let target = random.element(of: targets) else { return nil }
      guard let part = replacement(for: target, kind: kind, in: formula, shapes, &random) else { continue }
      let site = formula.site(at: target, allUses: settings.sharedEditProbability, using: &random)
      let mutant = formula.editing(site, with: part)
      if mutant != formula, grammar.accepts(mutant) { return mutant }
    }
    return nil
  }

  /// Whether the kind can act on a node at all.
  private func isTarget(_ index: Int, of kind: MutationKind, in formula: Formula) -> Bool {
    let node = formula.nodes[index]
    switch kind {
    case .point, .insert: return true
    case .constant: return node.isConstant
    case .hoist, .delete: return !node.isLeaf
    case .subtree: return index != formula.root
    }
  }

  /// What takes the node's place; nil when this draw found nothing.
  private func replacement(
    for index: Int, kind: MutationKind, in formula: Formula, _ shapes: [ValueShape], _ random: inout SeededGenerator
  ) -> Formula? {
    switch kind {
    case .point: return relabelled(index, in: formula, shapes, &random)
    case .constant: return random.element(of: grammar.settings.constants).map { leaf(.constant($0)) }
    case .hoist:
      let inside = formula.descendants(of: index).filter { shapes[$0] == shapes[index] }
      return random.element(of: inside).map { formula.subformula(at: $0) }
    case .insert: return wrapped(index, in: formula, shapes, &random)
    case .delete:
      let arguments = formula.nodes[index].children.filter { shapes[$0] == shapes[index] }
      return random.element(of: arguments).map { formula.subformula(at: $0) }
    case .subtree:
      let depth = random.integer(in: 0...settings.subtreeDepth)
      return generator.formula(of: shapes[index], depth: depth, method: .grow, using: &random)
    }
  }

  private func leaf(_ node: Node) -> Formula {
    var builder = FormulaBuilder()
    let root = builder.insert(node)
    return builder.build(root: root)
  }

  /// The node with another label; leaves may become any other leaf, the legality check sorts out shapes.
  private func relabelled(
    _ index: Int, in formula: Formula, _ shapes: [ValueShape], _ random: inout SeededGenerator
  ) -> Formula? {
    let node = formula.nodes[index]
    var builder = FormulaBuilder()
    let copied = builder.insert(formula)
    switch node {
    case .variable, .constant:
      let leaves = grammar.leaves(of: .one) + grammar.leaves(of: grammar.settings.mode.variableShape)
      return random.element(of: leaves.filter { $0 != node }).map(leaf)
    case .unary(let primitive, let child):
      guard let other = other(than: primitive, &random) else { return nil }
      let root = builder.unary(other, copied[child])
      return builder.build(root: root)
    case .binary(let primitive, let left, let right):
      guard let other = other(than: primitive, &random) else { return nil }
      let root = builder.binary(other, copied[left], copied[right])
      return builder.build(root: root)
    }
  }

  /// Another primitive of the grammar with as many arguments; nil when there is none.
  private func other(than primitive: Primitive, _ random: inout SeededGenerator) -> Primitive? {
    random.element(of: grammar.settings.primitives.filter { $0.arity == primitive.arity && $0 != primitive })
  }

  /// The part with a new primitive around it; the primitive's other argument, if any, is random.
  private func wrapped(
    _ index: Int, in formula: Formula, _ shapes: [ValueShape], _ random: inout SeededGenerator
  ) -> Formula? {
    let shape = shapes[index]
    let fitting = grammar.productions.filter { $0.result == shape && $0.arguments.contains(shape) }
    guard let drawn = random.index(weights: fitting.map(\.weight)) else { return nil }
    let production = fitting[drawn]
    let slots = production.arguments.indices.filter { production.arguments[$0] == shape }
    guard let kept = random.element(of: slots) else { return nil }
    var builder = FormulaBuilder()
    let copied = builder.insert(formula)[index]
    var arguments: [Int] = []
    for (slot, argument) in production.arguments.enumerated() {
      if slot == kept {
        arguments.append(copied)
        continue
      }
      let depth = random.integer(in: 0...settings.insertDepth)
      guard let other = generator.formula(of: argument, depth: depth, method: .grow, using: &random) else { return nil }
      arguments.append(builder.insert(other)[other.root])
    }
    let root =
      arguments.count == 1
      ? builder.unary(production.primitive, arguments[0])
      : builder.binary(production.primitive, arguments[0], arguments[1])
    return builder.build(root: root)
  }
}
