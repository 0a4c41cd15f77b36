import Formulas

/// A formula from the bytes of an input: as text behind the digits 0 ... 3, by choices behind 4 ... 7.
///
/// The first byte's lowest two bits are the mode (0 lets the variables decide), its third bit says text or choices.
struct FuzzedFormula {
  let formula: Formula
  let mode: Mode

  /// Nil for a text that is no formula; its error has then been looked at.
  init?(_ choices: inout Choices) {
    let code = choices.byte()
    let mode = ([nil] + Mode.allCases.map { $0 })[Int(code & 3)]
    if code & 4 != 0 {
      self.mode = mode ?? .multiClass
      formula = FormulaDecoder.formula(of: self.mode, from: &choices)
      return
    }
    guard let read = Self.read(String(decoding: choices.remaining, as: UTF8.self), mode) else { return nil }
    (formula, self.mode) = read
  }

  /// What the fast reader and the plain parser agree on.
  private static func read(_ text: String, _ mode: Mode?) -> (Formula, Mode)? {
    do throws(FormulaError) {
      let (formula, found) = try Formula.parse(text, mode: mode)
      let plain = unwrap("\(text) is read plainly") { () throws(FormulaError) in
        try Formula.parsePlainly(text, mode: mode)
      }
      demand(plain == (formula, found), "\(text) is \(plain), not \(formula) of \(found)")
      return (formula, found)
    } catch {
      check(error, of: text)
      demand((try? Formula.parsePlainly(text, mode: mode)) == nil, "\(text) is a fault for both readers")
      return nil
    }
  }

  private static func check(_ error: FormulaError, of text: String) {
    demand((0...text.utf8.count).contains(error.position.offset), "the place \(error.position) lies in the text")
    demand(!error.message.isEmpty && error.message.utf8.count < 600, "the message is short: \(error.message)")
    demand(error.rendering.utf8.count < 1200, "the rendering is short: \(error.rendering)")
  }
}
