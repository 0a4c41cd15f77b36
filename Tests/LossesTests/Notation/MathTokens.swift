/// The tokens of written mathematics, from one line of Unicode or from LaTeX.
enum MathToken: Hashable {
  case open
  case close
  /// A bar that opens or closes, as its place says.
  case bar
  case plus
  case minus
  case times
  case solidus
  case squared
  case root
  case sum
  case comma
  case fraction
  /// `}{` of a fraction.
  case denominator
  case rootBar
  case braceClose
  case name(String)
  case number(String)
}

struct MathSyntaxError: Error {
  let text: String
}

enum MathTokens {
  /// Longer spellings before those they begin with.
  private static let infix: [(String, MathToken)] = [
    ("(", .open), (")", .close), ("|", .bar), ("+", .plus), ("−", .minus), ("·", .times), ("/", .solidus),
    ("²", .squared), ("√", .root), (",", .comma),
  ]
  private static let latex: [(String, MathToken)] = [
    ("\\left(", .open), ("\\right)", .close), ("\\left|", .bar), ("\\right|", .bar), ("\\lvert ", .bar),
    ("\\rvert", .bar), ("\\cdot", .times), ("^{2}", .squared), ("\\sqrt{", .rootBar), ("\\frac{", .fraction),
    ("}{", .denominator), ("}", .braceClose), ("\\sum ", .sum), ("(", .open), (")", .close), ("+", .plus),
    ("-", .minus), (",", .comma),
  ]

  static func infix(_ text: String) throws -> [MathToken] {
    try tokens(of: Substring(text), spellings: infix) { rest in
      let name = rest.prefix { $0.isLetter }
      return name.isEmpty ? nil : (String(name), name.endIndex)
    }
  }

  static func latex(_ text: String) throws -> [MathToken] {
    try tokens(of: Substring(text), spellings: latex) { rest in
      for opening in ["\\operatorname{", "\\mathit{"] where rest.hasPrefix(opening) {
        let name = rest.dropFirst(opening.count).prefix { $0.isLetter }
        return (String(name), rest.index(after: name.endIndex))
      }
      let start = rest.first == "\\" ? rest.dropFirst() : rest
      let name = start.prefix { $0.isLetter }
      if name.isEmpty { return nil }
      return (name == "sigma" ? "σ" : String(name), name.endIndex)
    }
  }

  private static func tokens(
    of text: Substring, spellings: [(String, MathToken)], name: (Substring) -> (String, Substring.Index)?
  ) throws -> [MathToken] {
    var tokens: [MathToken] = []
    var rest = text
    while let first = rest.first {
      if first == " " {
        rest.removeFirst()
      } else if first.isASCII, first.isNumber {
        tokens.append(.number(number(&rest)))
      } else if let (spelling, token) = spellings.first(where: { rest.hasPrefix($0.0) }) {
        tokens.append(token)
        rest.removeFirst(spelling.count)
      } else if let (name, end) = name(rest) {
        tokens.append(.name(name))
        rest = rest[end...]
      } else {
        throw MathSyntaxError(text: "at \(rest.prefix(20))")
      }
    }
    return tokens
  }

  /// Digits with point and exponent, the latter as e-07 or × 10^{-7}; spelled as in printed formulas.
  private static func number(_ rest: inout Substring) -> String {
    let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "e") || $0 == "-" }
    var end = digits.endIndex
    // A minus belongs to the number only behind its e.
    if let dash = digits.firstIndex(of: "-"), digits[..<dash].last != "e" { end = dash }
    let mantissa = String(rest[..<end])
    rest = rest[end...]
    let power = " \\times 10^{"
    guard rest.hasPrefix(power) else { return mantissa }
    rest.removeFirst(power.count)
    let exponent = rest.prefix { $0 != "}" }
    rest = rest[exponent.endIndex...].dropFirst()
    return "\(mantissa)e\(exponent)"
  }
}
