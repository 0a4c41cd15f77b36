import Formulas
import Foundation

extension Double {
  /// Four significant digits, for sentences and tables: 1.623, 0.0004127, 4.2e-09, nan, -inf.
  var brief: String {
    guard !isNaN else { return "nan" }  // Its sign, which description shows, means nothing.
    guard isFinite else { return "\(self)" }
    if self == 0 { return "0" }
    if magnitude < 1e15, self == rounded() { return magnitude < 1e6 ? "\(Int(self))" : scientific }
    let exponent = Int(log10(magnitude).rounded(.down))
    guard (-4..<6).contains(exponent) else { return scientific }
    var text = String(format: "%.\(max(0, 3 - exponent))f", self)
    if text.contains(".") {
      while text.last == "0" { text.removeLast() }
      if text.last == "." { text.removeLast() }
    }
    return text
  }

  private var scientific: String {
    let parts = String(format: "%.3e", self).split(separator: "e")
    var digits = String(parts[0])
    while digits.last == "0" { digits.removeLast() }
    if digits.last == "." { digits.removeLast() }
    return digits + "e" + (parts.count > 1 ? String(parts[1]) : "0")
  }
}

extension Formula {
  /// The part at and below a node, printed, cut with … beyond a number of characters: also where shared nodes make the
  /// whole text larger than memory.
  func brief(at node: Int, limit: Int = 72) -> String {
    var text = ""
    var pending: [BriefToken] = [.node(node)]
    while let token = pending.popLast() {
      guard text.count <= limit else { return String(text.prefix(limit - 1)) + "…" }
      switch token {
      case .text(let piece): text += piece
      case .node(let index):
        let children = nodes[index].children
        text += nodes[index].name
        guard !children.isEmpty else { continue }
        pending.append(.text(")"))
        for (order, child) in children.enumerated().reversed() {
          pending.append(.node(child))
          pending.append(.text(order == 0 ? "(" : ","))
        }
      }
    }
    return text.count <= limit ? text : String(text.prefix(limit - 1)) + "…"
  }
}

private enum BriefToken {
  case node(Int)
  case text(String)
}

extension Node {
  /// The name of the primitive or variable, or the number.
  fileprivate var name: String {
    switch self {
    case .variable(let variable): variable.rawValue
    case .constant(let value): FormulaBuilder.text(of: value)
    case .unary(let primitive, _), .binary(let primitive, _, _): primitive.rawValue
    }
  }
}

extension FormulaBuilder {
  /// A number as the language prints it.
  fileprivate static func text(of value: Double) -> String {
    var builder = FormulaBuilder()
    let root = builder.constant(value)
    return builder.build(root: root).description
  }
}
