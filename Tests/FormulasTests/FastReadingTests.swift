import Formulas
import Randomness
import Testing

/// The one-pass reader and the remembering canonicalizer do what the plain ways do.
@Suite struct FastReadingTests {
  /// A random text of a mode with all kinds of numbers; shapes are left to chance.
  private func text(_ mode: Mode, depth: Int, _ random: inout SeededGenerator) -> String {
    if depth == 0 || random.chance(0.12) {
      let numbers = [
        "0", "1", "2", "3", "-1", "0.5", "-0.37", "1e-3", "-0", "007", "12345678901234567890", "0.1", " 2 ",
      ]
      if random.chance(0.3) { return numbers[random.index(below: numbers.count)] }
      return mode.variables[random.index(below: mode.variables.count)].rawValue
    }
    let arithmetic: [Primitive] = [.add, .sub, .mul, .div, .neg, .sqrt]
    let all = random.chance(0.4) ? arithmetic : mode.primitives
    let primitive = all[random.index(below: all.count)]
    let first = text(mode, depth: depth - 1, &random)
    if primitive.arity == 1 { return "\(primitive.rawValue)(\(first))" }
    return "\(primitive.rawValue)(\(first),\(text(mode, depth: depth - 1, &random)))"
  }

  private func outcome(_ read: () throws(FormulaError) -> (formula: Formula, mode: Mode)) -> String {
    do throws(FormulaError) {
      let (formula, mode) = try read()
      return "\(mode.rawValue) \(formula)"
    } catch {
      return error.rendering
    }
  }

  @Test(arguments: Mode.allCases) func theReaderReadsWhatTheParserReads(mode: Mode) {
    var read = 0
    for seed in 0..<UInt64(6_000) {
      var random = SeededGenerator(seed: seed, stream: "reading")
      let text = text(mode, depth: random.integer(in: 1...5), &random)
      for asked in [mode, nil] {
        let plain = outcome { () throws(FormulaError) in try Formula.parsePlainly(text, mode: asked) }
        let fast = outcome { () throws(FormulaError) in try Formula.parse(text, mode: asked) }
        #expect(fast == plain, "seed \(seed): \(text)")
      }
      if (try? Formula(parsing: text, mode: mode)) != nil { read += 1 }
    }
    #expect(read > 1_000)
  }

  @Test func brokenTextsGetTheParsersErrors() {
    let pieces = [
      "(", ")", ",", "X", "Add", "Neg", "1", "2.5", " ", "-", "e3", ".", "U", "Softplus", "Softpluss", "é", "\t", "_",
      "X(",
    ]
    for seed in 0..<UInt64(6_000) {
      var random = SeededGenerator(seed: seed, stream: "broken")
      var letters = Array(text(.multiClass, depth: 3, &random))
      for _ in 0..<random.integer(in: 1...3) {
        let place = random.index(below: letters.count + 1)
        if random.chance(0.5), place < letters.count {
          letters.remove(at: place)
        } else {
          letters.insert(contentsOf: pieces[random.index(below: pieces.count)], at: place)
        }
      }
      let text = String(letters)
      let plain = outcome { () throws(FormulaError) in try Formula.parsePlainly(text, mode: .multiClass) }
      let fast = outcome { () throws(FormulaError) in try Formula.parse(text, mode: .multiClass) }
      #expect(fast == plain, "seed \(seed): \(text)")
    }
  }

  @Test(arguments: [255, 256, 257]) func theReaderHasTheParsersDepth(depth: Int) {
    let text = String(repeating: "Neg(", count: depth) + "X" + String(repeating: ")", count: depth)
    let plain = outcome { () throws(FormulaError) in try Formula.parsePlainly(text, mode: .multiClass) }
    let fast = outcome { () throws(FormulaError) in try Formula.parse(text, mode: .multiClass) }
    #expect(fast == plain)
  }

  /// One canonicalizer for all formulas, in an order that mixes modes; it forgets now and then.
  @Test func theCanonicalizerGivesTheCanonicalForm() {
    let (canonicalizer, hasher) = (Canonicalizer(), Canonicalizer())
    var formOfHash: [UInt64: Formula] = [:]
    var compared = 0
    for seed in 0..<UInt64(20_000) {
      var random = SeededGenerator(seed: seed, stream: "canonical")
      let mode = Mode.allCases[random.index(below: 3)]
      let text = text(mode, depth: random.integer(in: 1...5), &random)
      guard let formula = try? Formula(parsing: text, mode: mode) else { continue }
      let form = CanonicalForm(formula, in: mode)
      let remembered = canonicalizer.canonicalForm(formula, in: mode)
      #expect(
        remembered == form, "seed \(seed) \(mode.rawValue): \(text) is \(remembered.formula), not \(form.formula)")
      #expect(remembered.rules == form.rules, "seed \(seed) \(mode.rawValue): \(text)")
      let hash = hasher.canonicalHash(ofChecked: formula, in: mode)
      #expect(hash == form.formula.orderHash, "seed \(seed) \(mode.rawValue): \(text)")
      #expect(
        formOfHash.updateValue(form.formula, forKey: hash).map { $0 == form.formula } ?? true, "seed \(seed): \(text)")
      compared += 1
    }
    #expect(compared > 8_000)
  }
}
