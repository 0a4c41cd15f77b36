import Formulas
import Randomness

/// A place of a formula's graph where variation acts: a node with all arrows that lead to it, or one arrow alone.
///
/// A formula is a graph in which equal parts exist once. Editing a shared node changes every place that uses it; editing one
/// arrow changes that use alone, and the node lives on for the others.
public enum EditSite: Hashable, Sendable {
  /// The node, wherever it is used.
  case node(Int)
  /// The argument `slot` (0 left or only, 1 right) of the node `parent`, which leads to the node `child`.
  case arrow(parent: Int, slot: Int, child: Int)

  /// The index of the node that the edit replaces.
  public var node: Int {
    switch self {
    case .node(let index): index
    case .arrow(_, _, let child): child
    }
  }
}

extension Formula {
  /// The formula with another one at the site; everything else stays, parts no longer used are dropped.
  public func editing(_ site: EditSite, with other: Formula) -> Formula {
    switch site {
    case .node(let index): return replacing(node: index, with: other)
    case .arrow(let parent, let slot, _):
      var builder = FormulaBuilder()
      let inserted = builder.insert(other)[other.root]
      var places: [Int] = []
      for (position, node) in nodes.enumerated() {
        var argument = -1
        let copy = node.mapChildren { child in
          argument += 1
          return position == parent && argument == slot ? inserted : places[child]
        }
        places.append(builder.insert(copy))
      }
      return builder.build(root: places[root])
    }
  }

  /// The arrows that lead to a node, in order of their parents.
  public func arrows(to index: Int) -> [EditSite] {
    nodes.enumerated().flatMap { parent, node in
      node.children.enumerated().compactMap { slot, child in
        child == index ? EditSite.arrow(parent: parent, slot: slot, child: child) : nil
      }
    }
  }

  /// A site at a node: all its uses with the given chance, else one use drawn uniformly. A node used once or never (the
  /// root) has one site.
  func site(at index: Int, allUses: Double, using random: inout SeededGenerator) -> EditSite {
    let uses = arrows(to: index)
    guard uses.count > 1, !random.chance(allUses) else { return .node(index) }
    return random.element(of: uses) ?? .node(index)
  }

  /// The proper descendants of a node, ascending.
  func descendants(of index: Int) -> [Int] {
    var reached = Set<Int>()
    var pending = nodes[index].children
    while let next = pending.popLast() {
      if reached.insert(next).inserted { pending.append(contentsOf: nodes[next].children) }
    }
    return reached.sorted()
  }
}
