/// What was probably meant where a text is no formula.
extension FormulaError {
  static let operators = "there are no operators; write Add(a,b), Sub(a,b), Mul(a,b), Div(a,b) or Neg(a)"

  /// Every name of the language.
  static let allNames =
    "the names are \(Primitive.allCases.map(\.rawValue).joined(separator: ", ")) and the variables "
    + Variable.allCases.map(\.rawValue).joined(separator: ", ")

  /// U+00E9 and the like, which tells characters apart that look alike.
  static func codePoints(of text: String) -> String {
    text.unicodeScalars.map { scalar in
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }.joined(separator: " ")
  }

  /// The mend for a sign of other languages that stands between names.
  static func meant(_ character: String) -> String? {
    switch character {
    case "*", "/", "^", "%", "|", "&", "=", "<", ">", "!": operators
    case "[", "]", "{", "}": "write parentheses ( ) around arguments"
    case ";", ":": "write ',' between arguments"
    case "\"", "'", "`": "leave out the quotation marks"
    case _: nil
    }
  }

  /// The mend for a character that looks like one of ASCII.
  static func lookalike(_ character: String) -> String? {
    switch character {
    case "−", "–", "—", "＋", "×", "·", "÷", "∕": operators
    case "“", "”", "„", "‘", "’", "«", "»": "leave out the quotation marks"
    case "，", "、": "write ','"
    case "（", "）": "write '(' and ')'"
    case "\u{A0}", "\u{202F}", "\u{3000}", "\u{200B}", "\u{FEFF}": "it looks like a blank; leave it out"
    case _: nil
    }
  }

  /// Whether what should be a number is a sum or a difference: 1-I, -U, 2+x.
  static func isInfix(_ text: String) -> Bool {
    let signs = text.dropFirst().dropLast().indices.filter { text[$0] == "-" || text[$0] == "+" }
    let followsExponent = signs.allSatisfy { text[text.index(before: $0)] == "e" }
    let second = text.dropFirst().first
    return !followsExponent || ((text.first == "-" || text.first == "+") && second.map { $0.isLetter } == true)
  }
}
