/// A formula for people: drawn as a tree, and written as mathematics.
extension Formula {
  /// The formula as one line of mathematics in Unicode, with no more parentheses than needed.
  ///
  /// A sum with a negated term reads as a difference, a product of equals as a square; products bind tighter than
  /// `/`, which takes one factor on either side: `a·b / (c·d)`. What the signs mean exactly: `legend`.
  /// A formula that would fill pages defines its shared parts in front: `p1 = …; p2 = …; …`.
  public var infix: String {
    var writer = MathWriter(self, style: .infix)
    return writer.written()
  }

  /// The formula as LaTeX mathematics for amsmath, without the `$` around it.
  public var latex: String {
    var writer = MathWriter(self, style: .latex)
    return writer.written()
  }

  /// What the signs in `infix` and `latex` mean that are not common or are guarded: one line each, such as
  /// `log(a) = ln(a + 10⁻²⁰)`, in the order of `Primitive.allCases`.
  public var legend: [String] {
    Primitive.allCases.filter { primitive in
      primitive.needsLegend
        && nodes.contains {
          switch $0 {
          case .variable, .constant: false
          case .unary(let used, _), .binary(let used, _, _): used == primitive
          }
        }
    }.map { $0 == .dot ? "Σ(a·b) = \($0.meaning)" : "\($0.pattern) = \($0.meaning)" }
  }

  /// The formula drawn as a tree, one node a line; see `tree(note:)`.
  public var tree: String { tree { _ in nil } }

  /// The formula drawn as a tree, one node a line.
  ///
  /// A part that is used more than once is drawn once, with a number; elsewhere only the number stands.
  /// - Parameter note: what to write behind a node (by its index in `nodes`) where it is drawn; nil for nothing.
  public func tree(note: (Int) -> String?) -> String {
    var drawing = TreeDrawing(self)
    return drawing.drawn(note: note)
  }
}
