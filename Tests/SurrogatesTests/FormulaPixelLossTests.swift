import Formulas
import Losses
import Randomness
import Surrogates
import Testing

/// Formulas as losses of pixels against the reference evaluator, pixel by pixel.
@Suite struct FormulaPixelLossTests {
  private static let formulas = [
    "Neg(Dot(Y,Log(Softmax(X))))", "Dot(Mul(Sub(Softmax(X),Y),Sub(Softmax(X),Y)),1)",
    "Dot(Y,Softplus(Neg(X)))",
  ]

  @Test(arguments: formulas, UInt64(0)..<4) func itIsTheMeanOfTheFormula(text: String, seed: UInt64) throws {
    let formula = try Formula(parsing: text, mode: .multiClass)
    // More pixels than one block.
    let shape = try LabelMapShape(images: 2, classes: 4, height: 53, width: 41)
    let sample = SegmentationSample(shape, seed: seed)
    let valid = (0..<shape.labelCount).filter { Int(sample.labels[$0]) < shape.classes }
    var inputs = LossInputs<Double>(rows: valid.count, classes: shape.classes)
    func logit(_ index: Int, _ label: Int) -> Int {
      let (image, pixel) = index.quotientAndRemainder(dividingBy: shape.pixels)
      return (image * shape.classes + label) * shape.pixels + pixel
    }
    inputs[.x] = valid.flatMap { index in (0..<shape.classes).map { Double(sample.logits[logit(index, $0)]) } }
    inputs[.y] = valid.flatMap { index in (0..<shape.classes).map { Int(sample.labels[index]) == $0 ? 1 : 0 } }
    let expected = try ReferenceEvaluator(formula, mode: .multiClass).evaluate(inputs)
    let slopes = try #require(expected.gradients[.x])
    let mean = expected.value.reduce(0, +) / Double(valid.count)
    for level in InstructionSet.available {
      let (value, gradient) = try sample.evaluate(try FormulaPixelLoss(formula, instructions: level))
      #expect(abs(Double(value) - mean) < 1e-5 * max(1, abs(mean)), "seed \(seed) \(text): \(value), \(mean)")
      var expectedGradient = [Double](repeating: 0, count: shape.logitCount)
      for (row, index) in valid.enumerated() {
        for label in 0..<shape.classes {
          expectedGradient[logit(index, label)] = slopes[row * shape.classes + label] / Double(valid.count)
        }
      }
      let worst = zip(gradient, expectedGradient).map { abs(Double($0) - $1) }.max() ?? .infinity
      let largest = expectedGradient.map(\.magnitude).max() ?? 0
      #expect(worst < 1e-5 * largest, "seed \(seed) \(text): \(worst) of \(largest)")
    }
  }

  @Test func crossEntropyIsCrossEntropy() throws {
    let sample = SegmentationSample(
      try LabelMapShape(images: 3, classes: 5, height: 20, width: 31), seed: 7, ignored: 0.3)
    let formula = try Formula(parsing: "Neg(Dot(Y,Log(Softmax(X))))", mode: .multiClass)
    let (value, gradient) = try sample.evaluate(try FormulaPixelLoss(formula))
    let (wanted, slopes) = try sample.evaluate(CrossEntropyLoss())
    #expect(abs(value - wanted) < 1e-5)
    #expect(zip(gradient, slopes).allSatisfy { abs($0 - $1) < 1e-8 })
  }

  /// What an ignored pixel holds reaches neither the value nor the gradient, be it infinite.
  @Test func ignoredPixelsCountNowhere() throws {
    var sample = SegmentationSample(try LabelMapShape(images: 1, classes: 2, height: 4, width: 4), seed: 1)
    sample.labels = Array(repeating: 0, count: 16)
    sample.labels[5] = 255
    sample.logits[5] = .infinity
    let formula = try Formula(parsing: "Neg(Dot(Y,Log(Softmax(X))))", mode: .multiClass)
    let (value, gradient) = try sample.evaluate(try FormulaPixelLoss(formula))
    #expect(value.isFinite && gradient[5] == 0 && gradient[16 + 5] == 0 && gradient.allSatisfy(\.isFinite))
    sample.labels = Array(repeating: 255, count: 16)
    let empty = try sample.evaluate(try FormulaPixelLoss(formula))
    #expect(empty.value.isNaN && empty.gradient.allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    ("Mul(Y,Log(Softmax(X)))", "one number each"), ("Dot(Dot(Y,X),Dot(Y,X))", "one number each"),
    ("Add(Dot(Y,X),Dot(Dot(Y,X),Dot(Y,X)))", "mixes the pixels"),
    ("Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", "uses Z, the IoU of a box"),
  ])
  func formulasThatAreNoLossOfAPixelAreRefused(text: String, part: String) throws {
    let formula = try Formula(parsing: text, mode: .multiClass)
    let error = #expect(throws: PixelFormulaError.self) { try FormulaPixelLoss(formula) }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }
}
