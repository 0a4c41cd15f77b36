/// How firmly written mathematics holds together; it decides where parentheses are needed.
struct MathBinding {
  /// From loose to firm.
  enum Core: Int, Comparable {
    case sum
    case quotient
    case product
    case prefix
    case power
    case atom

    static func < (a: Core, b: Core) -> Bool { a.rawValue < b.rawValue }
  }

  /// Where an operand stands.
  enum Place {
    /// Between brackets, at the start of a sum, or alone.
    case open
    /// After a plus.
    case term
    /// After a minus.
    case subtrahend
    case firstFactor
    case factor
    case numerator
    case denominator
    /// Below a root sign without a bar, or as the base of a power.
    case base
  }

  let core: Core
  /// Whether it is written with a minus in front.
  let leadsWithMinus: Bool
  /// Whether it stands on several levels (fractions, sum signs), so that brackets around it must grow.
  private(set) var isTall = false

  init(_ core: Core, leadsWithMinus: Bool = false) {
    self.core = core
    self.leadsWithMinus = leadsWithMinus
  }

  /// Whether parentheses are needed at a place.
  func needsParentheses(at place: Place) -> Bool {
    switch place {
    case .open: false
    case .term: leadsWithMinus
    case .subtrahend: leadsWithMinus || core == .sum
    case .firstFactor, .numerator: core < .product
    case .factor: leadsWithMinus || core < .product
    case .denominator: leadsWithMinus || core < .prefix
    case .base: leadsWithMinus || core < .atom
    }
  }

  /// The binding of every node, in the order of the nodes.
  static func all(of forms: [MathForm], in style: MathStyle) -> [MathBinding] {
    var bindings: [MathBinding] = []
    bindings.reserveCapacity(forms.count)
    for form in forms {
      var own = binding(of: form, in: style, below: bindings)
      own.isTall = form.standsTall || form.children.contains { bindings[$0].isTall }
      bindings.append(own)
    }
    return bindings
  }

  private static func binding(of form: MathForm, in style: MathStyle, below: [MathBinding]) -> MathBinding {
    switch form {
    case .variable, .magnitude, .positivePart, .call: return MathBinding(.atom)
    case .number(let value): return MathBinding(style.core(of: value), leadsWithMinus: value < 0)
    case .negative(let child):
      let inner = below[child]
      let core = inner.needsParentheses(at: .subtrahend) ? .atom : inner.core
      return MathBinding(core, leadsWithMinus: true)
    case .sum(let left, _), .difference(let left, _), .less(let left, _):
      return MathBinding(.sum, leadsWithMinus: below[left].leadsWithMinus)
    case .product(let left, _): return leading(.product, below[left], at: .firstFactor)
    case .quotient(let left, _):
      return style.drawsFractions ? MathBinding(.product) : leading(.quotient, below[left], at: .numerator)
    case .square: return MathBinding(.power)
    case .root: return MathBinding(style.drawsFractions ? .atom : .prefix)
    case .total, .totalOf: return MathBinding(style.drawsFractions ? .quotient : .atom)
    }
  }

  /// The minus of a first operand without parentheses is that of the whole.
  private static func leading(_ core: Core, _ first: MathBinding, at place: Place) -> MathBinding {
    MathBinding(core, leadsWithMinus: first.leadsWithMinus && !first.needsParentheses(at: place))
  }
}
