import Formulas
import Randomness

/// Subtree crossover on the graph: a part of the donor takes the place of a part of the receiver with the same shape.
public struct Crossover: Sendable {
  public let grammar: Grammar
  public let settings: VariationSettings

  public init(_ grammar: Grammar, settings: VariationSettings = .standard) {
    self.grammar = grammar
    self.settings = settings
  }

  /// A child that differs from both parents and is legal in the grammar; nil when no attempt gave one.
  public func child(of receiver: Formula, and donor: Formula, using random: inout SeededGenerator) -> Formula? {
    guard let receiverShapes = try? receiver.nodeShapes(in: grammar.settings.mode),
      let donorShapes = try? donor.nodeShapes(in: grammar.settings.mode)
    else { return nil }
    for _ in 0..<settings.attempts {
      guard let cut = point(in: receiver, where: { _ in true }, using: &random) else { continue }
      let graft = point(in: donor, where: { donorShapes[$0].value == receiverShapes[cut].value }, using: &random)
      guard let graft else { continue }
      let site = receiver.site(at: cut, allUses: settings.sharedEditProbability, using: &random)
      let child = receiver.editing(site, with: donor.subformula(at: graft))
      if child != receiver, child != donor, grammar.accepts(child) { return child }
    }
    return nil
  }

  /// A node that fits, an inner one or a leaf by the set chance where there are both.
  private func point(in formula: Formula, where fits: (Int) -> Bool, using random: inout SeededGenerator) -> Int? {
    let fitting = formula.nodes.indices.filter(fits)
    let inner = fitting.filter { !formula.nodes[$0].isLeaf }
    let leaves = fitting.filter { formula.nodes[$0].isLeaf }
    let wantsInner = random.chance(settings.innerPointProbability)
    let preferred = wantsInner ? inner : leaves
    return random.element(of: preferred.isEmpty ? fitting : preferred)
  }
}
