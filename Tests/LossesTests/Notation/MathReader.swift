/// Reads written mathematics by its usual rules and gives its value modulo a prime.
///
/// A sum is of products; `·` binds tighter than `/`, which has one factor below it; a minus stands in front of a term.
struct MathReader {
  private let tokens: [MathToken]
  private let mathematics: ModularMathematics
  private var place = 0

  init(_ tokens: [MathToken], mathematics: ModularMathematics) {
    self.tokens = tokens
    self.mathematics = mathematics
  }

  mutating func value() throws -> UInt64 {
    let value = try sum()
    guard place == tokens.count else { throw MathSyntaxError(text: "left over: \(tokens[place...])") }
    return value
  }

  private var next: MathToken? { place < tokens.count ? tokens[place] : nil }

  private mutating func take(_ token: MathToken) -> Bool {
    guard next == token else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ token: MathToken) throws {
    guard take(token) else { throw MathSyntaxError(text: "\(token) missing at \(tokens[place...].prefix(3))") }
  }

  private mutating func sum() throws -> UInt64 {
    var value = try take(.minus) ? mathematics.minus(term()) : term()
    while let sign = next, sign == .plus || sign == .minus {
      place += 1
      let other = try term()
      value = mathematics.plus(value, sign == .plus ? other : mathematics.minus(other))
    }
    return value
  }

  private mutating func term() throws -> UInt64 {
    if take(.sum) { return mathematics.named("Σ", try product()) }
    let value = try product()
    return take(.solidus) ? mathematics.quotient(value, try factor()) : value
  }

  private mutating func product() throws -> UInt64 {
    var value = try factor()
    while take(.times) { value = mathematics.times(value, try factor()) }
    return value
  }

  private mutating func factor() throws -> UInt64 {
    if take(.root) { return mathematics.named("sqrt", try atom()) }
    let base = try atom()
    return take(.squared) ? mathematics.times(base, base) : base
  }

  private mutating func atom() throws -> UInt64 {
    guard let token = next else { throw MathSyntaxError(text: "ends too soon") }
    place += 1
    switch token {
    case .number(let digits): return mathematics.number(digits)
    case .open: return try bracketed(by: .close)
    case .bar: return mathematics.named("abs", try bracketed(by: .bar))
    case .rootBar: return mathematics.named("sqrt", try bracketed(by: .braceClose))
    case .fraction:
      let above = try bracketed(by: .denominator)
      return mathematics.quotient(above, try bracketed(by: .braceClose))
    case .name(let name):
      guard take(.open) else { return mathematics.named(name, 0) }
      if name == "max" {
        try expect(.number("0"))
        try expect(.comma)
      }
      return mathematics.named(name, try bracketed(by: .close))
    case .close, .plus, .minus, .times, .solidus, .squared, .root, .sum, .comma, .denominator, .braceClose:
      throw MathSyntaxError(text: "\(token) where a value begins")
    }
  }

  private mutating func bracketed(by end: MathToken) throws -> UInt64 {
    let value = try sum()
    try expect(end)
    return value
  }
}
