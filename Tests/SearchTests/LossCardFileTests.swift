import Formulas
import Foundation
import Losses
import Search
import Testing

/// Loss cards as files, and which of them the command line takes.
@Suite struct LossCardFileTests {
  private func withFile<Result>(_ name: String, _ text: String, _ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return try body(file.path)
  }

  private func card(_ name: String, _ text: String, _ mode: Mode, weight: Double) throws -> LossCard {
    var card = LossCard(
      name: name, kind: .formula(try Formula(parsing: text, mode: mode), mode), lossWeight: weight,
      iou: mode == .regression ? .none : .decodedBox, warnings: ["scaleDependent"],
      provenance: LossCard.Provenance(source: "café 😀: \"quoted\"", seed: 7))
    card.evidence = [
      LossCard.Evidence(
        data: "synthetic", split: "holdout", detector: "two-stage", seeds: [1, 2], metric: "AP50", mean: 0.015625,
        std: 1e-9, baseline: "cross-entropy + giou: 0.5 ± 0.1")
    ]
    return card
  }

  private func cards() throws -> [LossCard] {
    [
      try card("found-1-cls", "Neg(Dot(Y,Log(Softmax(X))))", .multiClass, weight: 1),
      try card("found-1-reg", "Sub(1,Div(I,U))", .regression, weight: 10),
      try card("found-2-reg", "Neg(Log(Div(I,U)))", .regression, weight: 10),
    ]
  }

  @Test func cardsComeBackFromYAMLAndJSON() throws {
    let cards = try cards()
    let text = try LossCardFile.text(of: cards)
    #expect(try withFile("best.yaml", text) { try LossCardFile.cards($0) } == cards)
    for card in cards {
      let json = String(decoding: try JSONEncoder().encode(card), as: UTF8.self)
      #expect(try withFile("card.json", json) { try LossCardFile.cards($0) } == [card])
    }
  }

  /// PyYAML, which the Python side uses, takes a number for one only with a point before the exponent.
  @Test func numbersAreNumbersForReadersOfYAML1_1() throws {
    let text = try LossCardFile.text(of: try cards())
    #expect(text.contains("loss_weight: 10\n") && text.contains("std: 1.0e-09"), "\(text)")
    #expect(text.contains("mean: 0.015625") && text.contains("paired_interval: null") && text.contains("run: null"))
    #expect(text.contains("± 0.1") && !text.contains("\\x"), "\(text)")
  }

  @Test func theFirstCardThatFitsIsTakenOrTheNamedOne() throws {
    let task = SearchTask.detectionTwoStage
    try withFile("best.yaml", try LossCardFile.text(of: try cards())) { path in
      let classification = try LossArgument.classification(path, task: task, option: "--loss-cls")
      #expect(classification.formula.description == "Neg(Dot(Y,Log(Softmax(X))))")
      for (suffix, formula) in [("", "Sub(1,Div(I,U))"), ("#found-2-reg", "Neg(Log(Div(I,U)))")] {
        let loss = try LossArgument.regression(path + suffix, task: task, option: "--loss-reg")
        #expect(loss.formula?.description == formula && loss.weight == 10)
      }
      for (suffix, words) in [("#found-3-reg", "found-2-reg"), ("#found-1-cls", "no REG card named 'found-1-cls'")] {
        let error = try #require(throws: SearchError.self) {
          try LossArgument.regression(path + suffix, task: task, option: "--loss-reg")
        }
        #expect("\(error)".contains(words) && "\(error)".contains("--loss-reg"), "\(error)")
      }
    }
  }

  /// What the card asks for, beyond formula and weight, and the trainer does not do.
  @Test(arguments: ["box_units: stride", "reduction: sum", "average_by: positives"])
  func cardsThatAskForMoreThanTheTrainerDoesAreRefused(line: String) throws {
    let text = "autoloss_card: 1\nname: a\nmode: REG\nformula: Sub(1,Div(I,U))\n\(line)\n"
    let error = try #require(throws: SearchError.self) {
      try withFile("a.yaml", text) {
        try LossArgument.regression($0, task: .detectionTwoStage, option: "--loss-reg")
      }
    }
    #expect("\(error)".contains(line), "\(error)")
  }

  /// File name, text, words of the message.
  @Test(arguments: [
    ("a.yaml", "autoloss_card: 1\nname: [a\n", "a.yaml"), ("a.yaml", "", "empty"),
    ("a.yaml", "autoloss_card: 1\nname: \"\\ud83d\\ude00\"\n", "line 2"), ("a.json", "{\"autoloss_card\":", "JSON"),
    ("a.yaml", "autoloss_card: 1\nname: a\nmode: REG\nformula: U\niuo: none\n", "did you mean 'iou'?"),
    ("a.json", #"{"autoloss_card":1,"name":"a","mode":"REG","formula":"U","iuo":1}"#, "did you mean 'iou'?"),
  ]) func faultsAreNamed(file: String, text: String, words: String) throws {
    let error = try #require(throws: SearchSpaceError.self) { try withFile(file, text) { try LossCardFile.cards($0) } }
    #expect("\(error)".contains(words) && "\(error)".contains(file), "\(error)")
  }
}
