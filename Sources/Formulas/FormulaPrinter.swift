/// Printing: the published spelling, without blanks.
extension Formula: CustomStringConvertible {
  /// The formula written out as a tree, shared parts every time they are used.
  ///
  /// Where that takes more than `maximumTextLength` bytes (60 nodes can stand for a tree of 2⁶⁰), the text ends there with
  /// `…`, which no formula can be read back from.
  public var description: String { printed().text }

  /// Ends a text that was cut.
  static let cutMark = "…"

  /// The UTF-8 offset in the printed formula where a node first stands; the end where the text was cut before it.
  func printedOffset(of node: Int) -> Int {
    let (text, offsets) = printed()
    return offsets[node] >= 0 ? offsets[node] : text.utf8.count
  }

  /// The text, and for each node the offset where it first stands.
  private func printed() -> (text: String, offsets: [Int]) {
    var text = ""
    var offsets = [Int](repeating: -1, count: nodes.count)
    var pending: [Piece] = [.node(root)]
    while let piece = pending.popLast() {
      if text.utf8.count > Self.maximumTextLength { return (text + Self.cutMark, offsets) }
      switch piece {
      case .text(let piece): text += piece
      case .node(let index):
        if offsets[index] < 0 { offsets[index] = text.utf8.count }
        switch nodes[index] {
        case .variable(let variable): text += variable.rawValue
        case .constant(let value): text += Self.spelling(of: value)
        case .unary(let primitive, let child):
          text += primitive.rawValue + "("
          pending += [.text(")"), .node(child)]
        case .binary(let primitive, let left, let right):
          text += primitive.rawValue + "("
          pending += [.text(")"), .node(right), .text(","), .node(left)]
        }
      }
    }
    return (text, offsets)
  }

  private enum Piece {
    case node(Int)
    case text(String)
  }

  /// The shortest decimal that reads back to the same number; whole numbers without a point.
  static func spelling(of value: Double) -> String {
    if let whole = Int(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return "\(value)"
  }
}
