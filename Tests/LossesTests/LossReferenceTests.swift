import Formulas
import Foundation
import Losses
import Testing

/// Losses by name, by formula, by card.
@Suite struct LossReferenceTests {
  /// A letter of another mode is no misspelled name of a loss.
  @Test(arguments: [("X", Mode.regression), ("E", .binaryClass), ("Y", .binaryClass)])
  func aLetterOfAnotherModeIsNamed(text: String, mode: Mode) {
    do throws(LossReferenceError) {
      _ = try LossReference.formula(text, mode: mode)
      Issue.record("\(text) is no loss of \(mode)")
    } catch {
      #expect(error.message.contains(mode.rawValue) && !error.message.contains("no loss"), "\(error.message)")
    }
  }

  /// Text, place, classification mode of the detector, formula it stands for (nil: a loss on deltas), weight.
  @Test(arguments: [
    ("cross-entropy", LossPlace.classification, Mode.multiClass, "Neg(Dot(Y,Log(Softmax(X))))" as String?, Float(1)),
    ("cse-autoloss-a", .classification, .multiClass, "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", 1),
    ("cse-autoloss-a", .regression, .multiClass, "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))", 10),
    ("giou", .regression, .multiClass, "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))", 10),
    ("giou", .regression, .binaryClass, "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))", 1),
    ("linear-iou", .regression, .multiClass, "Sub(1,Div(I,U))", 10),
    ("iou", .regression, .multiClass, "Neg(Log(Div(I,U)))", 10),
    ("l1", .regression, .multiClass, nil, 1), ("smooth-l1", .regression, .multiClass, nil, 1),
    (
      "focal", .classification, .binaryClass,
      "Add(Mul(PY,Mul(Mul(Sig(Neg(X)),Sig(Neg(X))),Softplus(Neg(X)))),Mul(NY,Mul(Mul(Sig(X),Sig(X)),Softplus(X))))", 1
    ),
    (" Sub(1, Div(I,U)) ", .regression, .multiClass, "Sub(1,Div(I,U))", 10),
    ("Neg(Dot(Y,X))", .classification, .multiClass, "Neg(Dot(Y,X))", 1),
  ]) func namesAndFormulasAreResolved(text: String, place: LossPlace, mode: Mode, formula: String?, weight: Float)
    throws
  {
    switch try LossReference.resolve(text, place: place, mode: mode) {
    case .classification(let loss):
      #expect(place == .classification)
      #expect(loss.formula.description == formula)
      #expect(loss.weight == weight)
      #expect(loss.mode == mode)
    case .regression(let loss):
      #expect(place == .regression)
      #expect(loss.formula?.description == formula)
      #expect(loss.weight == weight)
    }
  }

  @Test(arguments: [
    ("gious", LossPlace.regression, Mode.multiClass, "unknownLoss", "did you mean 'giou'?"),
    ("cross entropy", .classification, .multiClass, "unknownLoss", "did you mean 'cross-entropy'?"),
    ("", .classification, .multiClass, "unknownLoss", "names: cse-autoloss-a"),
    ("giou", .classification, .multiClass, "misplacedLoss", "cross-entropy"),
    ("cross-entropy", .regression, .multiClass, "misplacedLoss", "smooth-l1"),
    ("cse-autoloss-b", .classification, .multiClass, "misplacedLoss", "cse-autoloss-a"),
    ("quality-focal", .classification, .multiClass, "misplacedLoss", "formula"),
    ("Sub(1,Div(I,W))", .regression, .multiClass, "unknownName", "no 'W'"),
    ("Sub(1,Div(I,U))", .classification, .multiClass, "variableNotOfMode", "REG"),
    ("3", .regression, .multiClass, "bareLiteral", "variable"),
  ]) func whatIsNoLossIsNamed(text: String, place: LossPlace, mode: Mode, code: String, words: String) throws {
    let error = try #require(throws: LossReferenceError.self) {
      try LossReference.resolve(text, place: place, mode: mode)
    }
    #expect(error.code == code)
    #expect(error.message.contains(words), "\(error.message)")
  }

  /// Text, mode given, formula and mode it stands for; nil where it stands for no single one, with words of the error.
  @Test(arguments: [
    ("giou", nil as Mode?, "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))" as String?, "REG"),
    ("cse-autoloss-a", .multiClass, "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", "MULTI_CLS"),
    ("Sub(1,Div(I,U))", nil, "Sub(1,Div(I,U))", "REG"),
    ("cross-entropy", nil, nil, "MULTI_CLS and BINARY_CLS: say which with --mode"),
    (
      "giou", .multiClass, nil, "'giou' is a loss of REG, not of MULTI_CLS; the names of MULTI_CLS are cse-autoloss-a, "
    ),
    ("cross-entropy", .regression, nil, "a loss of MULTI_CLS and BINARY_CLS, not of REG"),
    ("l1", nil, nil, "encoded deltas"), ("l1", .regression, nil, "encoded deltas"),
    ("gioou", nil, nil, "no loss 'gioou': did you mean 'giou'? (names: "), ("Focal", nil, nil, "'focal'"),
    ("gioou", .multiClass, nil, "did you mean 'giou'?"), ("cross entropy", nil, nil, "did you mean 'cross-entropy'?"),
    ("Add(giou,U)", nil, nil, "'giou' is a whole loss and no part of a formula: write out its formula"),
    ("Add(giou,U)", nil, nil, "gives it\n  Add(giou,U)\n      ^"), ("focal(X)", .multiClass, nil, "losses show focal"),
    ("myloss", nil, nil, "as `autoloss losses` shows them"), ("Sofmax", nil, nil, "did you mean 'Softmax'?"),
    ("X Y", nil, nil, "ends before this"), ("U-I", nil, nil, "no operators"), ("Softmax", nil, nil, "parentheses"),
    ("Sub(1,", nil, nil, "^"),
  ]) func namesStandWhereverAFormulaDoes(text: String, mode: Mode?, formula: String?, words: String) throws {
    do throws(LossReferenceError) {
      let found = try LossReference.formula(text, mode: mode)
      #expect(found.formula.description == formula && found.mode.rawValue == words)
    } catch {
      #expect(formula == nil && error.message.contains(words), "\(error.message)")
    }
  }

  @Test func everyNameStandsForSomething() throws {
    for loss in BuiltInLoss.allCases {
      let texts = Mode.allCases.compactMap { mode in loss.text(in: mode).map { (mode, $0) } }
      #expect(!texts.isEmpty || loss.deltaKind != nil)
      for (mode, text) in texts {
        #expect(try Formula(parsing: text, mode: mode).shape(in: mode) == mode.trainableShape)
      }
    }
    #expect(
      BuiltInLoss.names(at: .classification, mode: .binaryClass) == [
        "cse-autoloss-b", "cross-entropy", "focal", "quality-focal",
      ])
  }

  @Test func cardsComeBackFromJSON() throws {
    let formula = try Formula(parsing: "Sub(1,Div(I,U))", mode: .regression)
    var card = LossCard(name: "linear", kind: .formula(formula, .regression), lossWeight: 10, averageBy: .positives)
    card.evidence = [
      LossCard.Evidence(
        data: "synthetic", split: "holdout", detector: "two-stage", seeds: [1, 2], metric: "AP50", mean: 0.5, std: 0.01)
    ]
    card.provenance.seed = 7
    let data = try JSONEncoder().encode(card)
    #expect(try JSONDecoder().decode(LossCard.self, from: data) == card)
    #expect(String(decoding: data, as: UTF8.self).contains("\"alpha\":null"))
    #expect(card.boxLoss == BoxLoss(.formula(formula), weight: 10))
    #expect(card.classificationLoss == nil)
    let surrogate = LossCard(
      name: "miou",
      kind: .surrogate(
        try SurrogateParameters(metric: .meanIoU, theta: [0.5, 0.25, 0.5, 0.5], tolerance: 0)))
    #expect(try JSONDecoder().decode(LossCard.self, from: JSONEncoder().encode(surrogate)) == surrogate)
  }

  @Test(arguments: [
    (
      #"{"autoloss_card":1,"name":"a","mode":"REG","formula":"Sub(1,Div(I,U))","los_weight":2}"#,
      "did you mean 'loss_weight'?"
    ),
    (#"{"autoloss_card":2,"name":"a","mode":"REG","formula":"U"}"#, "autoloss_card is 2"),
    (#"{"autoloss_card":1,"name":"a","mode":"REGR","formula":"U"}"#, "use one of MULTI_CLS"),
    (#"{"autoloss_card":1,"name":"a","mode":"REG","formula":"Exp(V)"}"#, "no 'V'"),
    (#"{"autoloss_card":1,"name":"a","mode":"REG","formula":"U","theta":[1]}"#, "unknown key 'theta'"),
    (
      #"{"autoloss_card":1,"name":"a","mode":"REG","formula":"U","provenance":{"sorce":"x"}}"#, "did you mean 'source'?"
    ),
  ]) func badCardsAreRefused(json: String, words: String) throws {
    let error = try #require(throws: DecodingError.self) {
      try JSONDecoder().decode(LossCard.self, from: Data(json.utf8))
    }
    guard case .dataCorrupted(let context) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(context.debugDescription.contains(words), "\(context.debugDescription)")
  }

  /// |d| − β/2 beyond β, d²/2β within.
  @Test(arguments: [(Float(0), Float(3.25), [Float(-1), 1, 0.5]), (1, 2.125, [-1, 0.5, 0.5])])
  func deltaLosses(beta: Float, expected: Float, slopes: [Float]) throws {
    var gradient: [Float] = [0, 0, 0]
    let value = try [Float(0), 2, 1.5].withUnsafeBufferPointer { predicted in
      try [Float(2), 1.5, 0].withUnsafeBufferPointer { targets in
        try [Float(1), 1, 0.5].withUnsafeBufferPointer { weights in
          try DeltaLoss(beta: beta).evaluate(
            predicted: predicted, targets: targets, weights: weights, averageFactor: 1, gradient: &gradient)
        }
      }
    }
    #expect(abs(value - expected) < 1e-6)
    #expect(gradient == slopes)
  }
}
