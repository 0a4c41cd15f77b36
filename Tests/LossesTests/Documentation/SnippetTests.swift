import Formulas
import Foundation
import Losses
import Testing

/// The Swift code of the articles, run: what it prints is what the articles say.
@Suite struct SnippetTests {
  /// Collects what a snippet prints.
  final class Page {
    private(set) var text = ""
    func line(_ items: [Any]) { text += items.map { "\($0)" }.joined(separator: " ") + "\n" }
  }

  /// Expects a page among the text blocks of an article.
  private func expect(_ page: Page, in path: String) throws {
    let blocks = Articles.blocks("text", in: try Articles.text(path)).map { $0 + "\n" }
    #expect(blocks.contains(page.text), "\(path) does not say what its code prints:\n\(page.text)")
  }

  @Test func formulasPage() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let formula = try Formula(parsing: "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", mode: .multiClass)
    print(formula.infix)
    print(formula.latex)
    print(try formula.shape(in: .multiClass))
    print(formula.canonical(in: .multiClass))
    try expect(page, in: "Sources/Formulas/Formulas.docc/Formulas.md")
  }

  @Test func grammar() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let (formula, mode) = try Formula.parse("Neg(Dot(Y, Log(Softmax(X))))", mode: nil)
    print(formula, mode.rawValue, formula.nodeCount)
    do {
      _ = try Formula(parsing: "Neg(Dot(Y,Lag(Softmax(X))))", mode: .multiClass)
    } catch {
      print(error.rendering)
    }
    try expect(page, in: "Sources/Formulas/Formulas.docc/Grammar.md")
  }

  @Test func canonicalForm() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let form = CanonicalForm(try Formula(parsing: "Mul(Div(I,U),Sub(E,U))", mode: .regression), in: .regression)
    print(form.formula)
    print(form.rules.map(\.rawValue))
    try expect(page, in: "Sources/Formulas/Formulas.docc/Canonical-form.md")
  }

  @Test func evaluating() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let formula = try Formula(parsing: "Neg(Log(Div(I,U)))", mode: .regression)
    let program = try Program(formula, mode: .regression)
    var areas = LossInputs<Float>(rows: 2)
    areas[.u] = [4, 2]
    areas[.i] = [1, 2]
    areas[.e] = [4, 2]
    let result = try program.evaluate(areas)
    print(result.value.map { ($0 * 1000).rounded() / 1000 })
    print(result.gradients[.u] ?? [], result.gradients[.i] ?? [])
    try expect(page, in: "Sources/Losses/Losses.docc/Evaluating-a-formula.md")
  }

  @Test func letters() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let loss = try RegressionLoss(Formula(parsing: "Sub(1,Div(I,U))", mode: .regression))
    let predicted: [Float] = [2, 2, 8, 12]
    let target: [Float] = [0, 0, 10, 20]
    var gradient = [Float](repeating: 0, count: 4)
    let value = try predicted.withUnsafeBufferPointer { predicted in
      try target.withUnsafeBufferPointer { target in
        try loss.evaluate(RegressionBatch(predicted: predicted, targets: target), gradient: &gradient)
      }
    }
    print(value.total, gradient.map { ($0 * 1000).rounded() / 1000 })
    try expect(page, in: "Sources/Losses/Losses.docc/What-the-letters-mean.md")
  }

  @Test func lossCards() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let json = """
      {"autoloss_card": 1, "name": "cse-autoloss-a-cls", "mode": "MULTI_CLS",
       "formula": "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", "loss_weight": 1, "alpha": null,
       "reduction": "mean", "average_by": "sampled", "iou": "decoded_box", "box_units": "pixels",
       "warnings": [], "evidence": [], "provenance": {"source": "CSE-Autoloss, ICLR 2021"}}
      """
    let card = try JSONDecoder().decode(LossCard.self, from: Data(json.utf8))
    if case .formula(let formula, let mode) = card.kind {
      print(card.name, mode.rawValue, formula)
    }
    try expect(page, in: "Sources/Losses/Losses.docc/Loss-cards.md")
  }

  @Test func segmentationLosses() throws {
    let page = Page()
    func print(_ items: Any...) { page.line(items) }
    let published = SurrogateParameters.published(.meanIoU)
    print(published.metric.rawValue, published.theta.count, published.curves.count)
    do {
      _ = try SurrogateParameters(metric: .globalAccuracy, theta: [0.5, 0.5, 0.4, 0.6, 0.9, 0.9])
    } catch {
      print(error.message)
    }
    try expect(page, in: "Sources/Losses/Losses.docc/Segmentation-losses.md")
  }

  /// Swift code in the articles is code of this file, which is compiled and run.
  @Test func everySnippetIsRun() throws {
    func stripped(_ text: String) -> String {
      text.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.joined(separator: "\n")
    }
    let run = stripped(try Articles.text("Tests/LossesTests/Documentation/SnippetTests.swift"))
    var count = 0
    for path in try Articles.paths() {
      for block in Articles.blocks("swift", in: try Articles.text(path)) {
        #expect(run.contains(stripped(block)), "\(path): this code is not in SnippetTests.swift:\n\(block)")
        count += 1
      }
    }
    #expect(count >= 7)
  }
}
