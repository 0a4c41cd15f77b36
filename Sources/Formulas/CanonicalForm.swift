/// One spelling for formulas that are equal by algebra.
///
/// It tells duplicates; evolution goes on with the formula as it was written, since simplification removes stepping
/// stones.
public struct CanonicalForm: Hashable, Sendable {
  public let formula: Formula
  /// The rules that were applied, each once, in the order of `CanonicalRule.allCases`.
  public let rules: [CanonicalRule]

  /// Formulas that are larger, written out as a tree, stay as they are; no search makes them. (Products and sums are kept
  /// flat, so it is the tree that has to be small.)
  public static let nodeLimit = 2000

  /// The canonical form; the formula itself when it is not one of the mode or its tree has more than `nodeLimit` nodes.
  public init(_ formula: Formula, in mode: Mode) {
    guard formula.treeSize <= Self.nodeLimit, (try? formula.nodeShapes(in: mode)) != nil else {
      self.formula = formula
      rules = []
      return
    }
    var writer = CanonicalWriter(mode, mayDropSlopes: true)
    var root = writer.write(formula)
    if writer.hasInfiniteSlope {
      writer = CanonicalWriter(mode, mayDropSlopes: false)
      root = writer.write(formula)
    }
    self.formula = writer.builder.build(root: root)
    rules = CanonicalRule.allCases.filter(writer.applied.contains)
  }
}

extension CanonicalWriter {
  /// Writes every node; the result is the place of the root.
  fileprivate mutating func write(_ formula: Formula) -> Int {
    var places: [Int] = []
    places.reserveCapacity(formula.nodeCount)
    for node in formula.nodes {
      switch node {
      case .variable(let variable): places.append(insert(.variable(variable)))
      case .constant(let value): places.append(constant(value))
      case .unary(let primitive, let child): places.append(unary(primitive, places[child]))
      case .binary(let primitive, let left, let right):
        places.append(binary(primitive, places[left], places[right]))
      }
    }
    return places[formula.root]
  }
}

extension Formula {
  /// The canonical form; see `CanonicalForm`.
  public func canonical(in mode: Mode) -> Formula { CanonicalForm(self, in: mode).formula }
}
