/// Writes a formula as mathematics, with no more parentheses than needed.
struct MathWriter {
  private let style: MathStyle
  private let forms: [MathForm]
  private var bindings: [MathBinding]
  private let root: Int
  /// The nodes that are written as a name and defined in front; none in formulas of usual size.
  private let named: [Int]
  private var names: [Int: String] = [:]
  private var text = ""
  private var pending: [Piece] = []

  /// What is still to be written.
  private enum Piece {
    case text(String)
    case operand(Int, MathBinding.Place)
    case node(Int)
  }

  init(_ formula: Formula, style: MathStyle) {
    self.style = style
    forms = formula.nodes.map { MathForm($0, in: formula) }
    bindings = MathBinding.all(of: forms, in: style)
    root = formula.root
    let shared = formula.sharedParts
    named = formula.treeSize > Self.longestTree ? formula.nodes.indices.filter { shared[$0] } : []
  }

  /// Formulas of more nodes, written out as a tree, name their shared parts: `p1 = …; p2 = …; …`.
  static let longestTree = 10_000

  /// The whole formula.
  mutating func written() -> String {
    for (place, node) in named.enumerated() {
      let name = style.name(ofPart: place + 1)
      text += name + " = "
      write(node)
      text += style.separator
      names[node] = name
      bindings[node] = MathBinding(.atom)
    }
    write(root)
    return text
  }

  /// Writes one node; an explicit stack stands in for recursion, so that depth does no harm.
  private mutating func write(_ node: Int) {
    pending = [.node(node)]
    while let piece = pending.popLast() {
      switch piece {
      case .text(let part): text += part
      case .node(let index):
        if let name = names[index] { text += name } else { pending += pieces(of: forms[index]).reversed() }
      case .operand(let index, let place):
        guard bindings[index].needsParentheses(at: place) else {
          pending.append(.node(index))
          continue
        }
        let isTall = bindings[index].isTall
        pending += [.text(style.close(aroundTall: isTall)), .node(index), .text(style.open(aroundTall: isTall))]
      }
    }
  }

  private func pieces(of form: MathForm) -> [Piece] {
    switch form {
    case .variable(let variable): [.text(style.name(of: variable))]
    case .number(let value): [.text(style.number(value))]
    case .negative(let child): [.text(style.minusSign), .operand(child, .subtrahend)]
    case .sum(let left, let right): [.operand(left, .open), .text(" + "), .operand(right, .term)]
    case .difference(let left, let right):
      [.operand(left, .open), .text(" \(style.minusSign) "), .operand(right, .subtrahend)]
    case .less(let left, let number):
      [.operand(left, .open), .text(" \(style.minusSign) "), .text(style.number(number))]
    case .product(let left, let right):
      [.operand(left, .firstFactor), .text(style.times), .operand(right, .factor)]
    case .square(let child): [.operand(child, .base), .text(style.squared)]
    case .quotient(let left, let right): quotient(left, right)
    case .root(let child):
      style.drawsFractions
        ? [.text("\\sqrt{"), .operand(child, .open), .text("}")] : [.text("√"), .operand(child, .base)]
    case .magnitude(let child): magnitude(child)
    case .positivePart(let child): call(style.name(of: .relu), [.text("0, "), .operand(child, .open)], of: child)
    case .call(let primitive, let child): call(style.name(of: primitive), [.operand(child, .open)], of: child)
    case .total(let left, let right):
      total([
        .operand(left, style.drawsFractions ? .factor : .firstFactor), .text(style.times), .operand(right, .factor),
      ])
    case .totalOf(let child): total([.operand(child, style.drawsFractions ? .factor : .open)])
    }
  }

  private func quotient(_ left: Int, _ right: Int) -> [Piece] {
    style.drawsFractions
      ? [.text("\\frac{"), .operand(left, .open), .text("}{"), .operand(right, .open), .text("}")]
      : [.operand(left, .numerator), .text(" / "), .operand(right, .denominator)]
  }

  private func magnitude(_ child: Int) -> [Piece] {
    let isTall = bindings[child].isTall
    return [
      .text(style.openBar(aroundTall: isTall)), .operand(child, .open), .text(style.closeBar(aroundTall: isTall)),
    ]
  }

  private func call(_ name: String, _ arguments: [Piece], of child: Int) -> [Piece] {
    let isTall = bindings[child].isTall
    return [.text(name + style.open(aroundTall: isTall))] + arguments + [.text(style.close(aroundTall: isTall))]
  }

  /// The sum sign reaches over a product in LaTeX; in one line of text it has parentheses.
  private func total(_ product: [Piece]) -> [Piece] {
    style.drawsFractions ? [.text("\\sum ")] + product : [.text(style.name(of: .dot) + "(")] + product + [.text(")")]
  }
}
