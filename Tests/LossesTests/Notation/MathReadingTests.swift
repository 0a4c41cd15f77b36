import Formulas
import Testing

/// What infix and LaTeX say, read by the usual rules, is the formula.
@Suite struct MathReadingTests {
  @Test func writtenMathematicsReadsBackAsTheFormula() throws {
    var different: Set<String> = []
    for mode in Mode.allCases {
      for seed in 0..<UInt64(2000) {
        var random = RandomFormulas(seed: seed)
        let formula = random.formula(mode, depth: 2 + Int(seed % 6))
        let mathematics = ModularMathematics(seed: seed)
        let expected = mathematics.value(of: formula)
        let label = "seed \(seed) \(mode) \(formula)"
        do {
          var infix = MathReader(try MathTokens.infix(formula.infix), mathematics: mathematics)
          #expect(try infix.value() == expected, "\(label): \(formula.infix)")
          var latex = MathReader(try MathTokens.latex(formula.latex), mathematics: mathematics)
          #expect(try latex.value() == expected, "\(label): \(formula.latex)")
        } catch let error as MathSyntaxError {
          Issue.record("\(label): \(error.text) in \(formula.infix) or \(formula.latex)")
        }
        different.insert(formula.infix)
      }
    }
    #expect(different.count > 3000)
  }

  /// The reader itself tells wrong parentheses.
  @Test(arguments: [
    ("Sub(X,Sub(Y,Z))", "X − Y − Z"), ("Mul(X,Add(Y,Z))", "X·Y + Z"), ("Div(X,Mul(Y,Z))", "X / Y"),
    ("Mul(Neg(X),Neg(X))", "−X²"), ("Abs(Sub(X,Y))", "|X| − |Y|"), ("Add(X,-3)", "X + 3"),
  ]) func wrongMathematicsIsTold(formula: String, wrong: String) throws {
    let mathematics = ModularMathematics(seed: 1)
    var reader = MathReader(try MathTokens.infix(wrong), mathematics: mathematics)
    #expect(try reader.value() != mathematics.value(of: Formula(grammar: formula)))
  }
}
