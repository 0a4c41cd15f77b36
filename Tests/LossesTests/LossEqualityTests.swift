import Formulas
import Losses
import Testing

/// What `LossEquality` answers, and that its witnesses show what they claim.
@Suite struct LossEqualityTests {
  enum Answer: Sendable, Equatable {
    case proved, observed, different, coupled
    case family(Double)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let mode: Mode
    let first: String
    let second: String
    let answer: Answer
    var testDescription: String { "\(first) and \(second): \(answer)" }
  }

  static let rows = [
    Row(mode: .regression, first: "Sub(1,Div(I,U))", second: "Add(Neg(Div(I,U)),Sub(2,1))", answer: .proved),
    Row(mode: .regression, first: "Sub(1,Div(I,U))", second: "Neg(Div(I,U))", answer: .observed),
    Row(mode: .regression, first: "Sub(1,Div(I,U))", second: "Div(Sub(U,I),U)", answer: .observed),
    Row(mode: .regression, first: "Sub(1,Div(I,U))", second: "Mul(-3,Div(I,U))", answer: .family(3)),
    Row(mode: .regression, first: "Sub(1,Div(I,U))", second: "Mul(3,Div(I,U))", answer: .different),
    Row(mode: .regression, first: "Sub(1,Div(I,U))", second: "Neg(Log(Div(I,U)))", answer: .different),
    Row(mode: .regression, first: "Div(E,U)", second: "Div(E,Add(U,0.001))", answer: .different),
    Row(mode: .multiClass, first: "Dot(Y,Log(Softmax(X)))", second: "Dot(Log(Softmax(X)),Y)", answer: .proved),
    Row(
      mode: .multiClass, first: "Neg(Dot(Y,Log(Softmax(X))))", second: "Log(Div(Dot(1,Exp(X)),Dot(Y,Exp(X))))",
      answer: .observed),
    Row(
      mode: .multiClass, first: "Neg(Dot(Y,Log(Softmax(X))))", second: "Neg(Dot(Mul(Y,Z),Log(Softmax(X))))",
      answer: .different),
    Row(mode: .multiClass, first: "Dot(Y,Z)", second: "Dot(Y,Exp(Z))", answer: .observed),
    Row(mode: .multiClass, first: "Dot(Dot(Y,X),1)", second: "Dot(Y,X)", answer: .coupled),
    Row(mode: .multiClass, first: "Dot(Dot(Y,X),1)", second: "Dot(Dot(X,Y),1)", answer: .proved),
    // One huge entry of the gradient must not hide the rest.
    Row(mode: .multiClass, first: "Add(Exp(Mul(9,X)),Sin(X))", second: "Add(Exp(Mul(9,X)),Cos(X))", answer: .different),
    Row(mode: .binaryClass, first: "Sub(1,Sig(X))", second: "Sig(Neg(X))", answer: .observed),
    Row(mode: .binaryClass, first: "Tanh(X)", second: "Sig(Mul(2,X))", answer: .family(0.5)),
    Row(
      mode: .binaryClass, first: "Sub(Softplus(X),Mul(PY,X))",
      second: "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))", answer: .observed),
    Row(mode: .binaryClass, first: "Mul(Q,X)", second: "Mul(PY,X)", answer: .different),
    // The value of one is not a number below 0.
    Row(mode: .binaryClass, first: "Sqrt(Mul(X,X))", second: "Exp(Log(X))", answer: .different),
  ]

  @Test(arguments: rows) func answers(row: Row) throws {
    let first = try Formula(parsing: row.first, mode: row.mode)
    let second = try Formula(parsing: row.second, mode: row.mode)
    let verdict = LossEquality.compare(first, second, mode: row.mode)
    switch (verdict, row.answer) {
    case (.same(.canonicalForm), .proved), (.same(.equalGradients), .observed),
      (.undecided(.couplesSamples), .coupled):
      break
    case (.family(let scale, _), .family(let expected)):
      #expect(abs(scale - expected) < 1e-9 * expected, "\(scale)")
    case (.different(let witness), .different): try check(witness, first, second, row.mode)
    case (.same, _), (.family, _), (.different, _), (.undecided, _): Issue.record("\(row): \(verdict)")
    }
  }

  /// The witness's numbers are what the reference gives there, and the gradients do differ.
  private func check(_ witness: LossWitness, _ first: Formula, _ second: Formula, _ mode: Mode) throws {
    for (formula, value) in [(first, witness.values.first), (second, witness.values.second)] {
      let again = try ReferenceEvaluator(formula, mode: mode).value(witness.inputs)
      #expect(zip(again, value).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
    if let boxes = witness.boxes {
      let overlap = BoxOverlap<Double>(boxes.predicted, boxes.target)
      #expect(witness.inputs[.u] == [overlap.union] && witness.inputs[.i] == [overlap.intersection])
    }
    #expect(witness.inputs.rows == 1)
    let gap = zip(witness.gradients.first, witness.gradients.second).contains {
      abs($0 - $1) > 1e-6 * max(abs($0), abs($1)) || $0.isNaN != $1.isNaN
    }
    #expect(gap, "\(witness.gradients)")
  }

  /// A difference of Mul(Y,Z) from Y shows at small round numbers.
  @Test func witnessesAreSimpleWhereTheyCanBe() throws {
    let first = try Formula(parsing: "Neg(Dot(Y,Log(Softmax(X))))", mode: .multiClass)
    let second = try Formula(parsing: "Neg(Dot(Mul(Y,Z),Log(Softmax(X))))", mode: .multiClass)
    guard case .different(let witness) = LossEquality.compare(first, second, mode: .multiClass) else {
      Issue.record("not different")
      return
    }
    #expect(witness.inputs[.x] == [0, 0] && witness.inputs[.z] == [0.5, 0.5] && witness.inputs[.y] == [1, 0])
  }

  /// Rewriting a formula never makes another loss, and scaling it makes one of its family.
  @Test(arguments: Mode.allCases) func canonicalFormsAndScalesAreFound(mode: Mode) throws {
    var (found, scaled) = (0, 0)
    for seed in UInt64(0)..<150 {
      var random = RandomFormulas(seed: 3000 + seed)
      let formula = random.formula(mode, depth: 4)
      let other = random.respelled(formula)
      switch LossEquality.compare(formula, other, mode: mode) {
      case .same: found += 1
      case .undecided: break
      case .family, .different: Issue.record("seed \(3000 + seed): \(formula) and \(other)")
      }
      guard formula.mentionsPrediction(in: mode) else { continue }
      let three = try Formula(parsing: "Add(2,Mul(3,\(formula)))", mode: mode)
      switch LossEquality.compare(formula, three, mode: mode) {
      case .family(let scale, _):
        scaled += 1
        #expect(abs(scale - 3) < 1e-5, "seed \(3000 + seed): \(formula)")
      case .same, .undecided: break  // No gradient at all, or nothing finite.
      case .different: Issue.record("seed \(3000 + seed): \(formula) three times")
      }
    }
    #expect(found > 100 && scaled > 30, "\(found) \(scaled)")
  }

  @Test func aFormulaOfAnotherModeIsNamed() throws {
    let verdict = try LossEquality.compare(Formula(grammar: "Neg(X)"), Formula(grammar: "Neg(U)"), mode: .regression)
    guard case .undecided(.notOfMode) = verdict else {
      Issue.record("\(verdict)")
      return
    }
  }
}
