import Evolution
import Foundation
import Losses
import RunStore
import Search
import Testing

/// Search spaces are read in full or refused with the place and the mend.
@Suite struct SearchSpaceTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func everyFileIsEmbeddedAndLoads() throws {
    let folder = Self.root.appendingPathComponent("search_spaces")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(files.map { String($0.dropLast(5)) }.sorted() == SearchSpaceFile.embeddedNames)
    for file in files {
      let read = try SearchSpaceFile.named(folder.appendingPathComponent(file).path)
      switch try read.kind() {
      case .detection:
        _ = try read.resolved()
        for profile in try read.profiles() { _ = try read.resolved(profile: profile) }
      case .surrogate:
        _ = try read.resolvedSurrogate()
        for profile in try read.profiles() { _ = try read.resolvedSurrogate(profile: profile) }
      }
      #expect(try SearchSpaceFile.named(String(file.dropLast(5))).text == read.text)
    }
  }

  @Test func theGrammarsOfTheTwoStageSpaceAreThoseOfTheFormulaSample() throws {
    let grammar = try SearchSpaceFile.named("detection-twostage").resolved().grammar
    #expect(grammar.classification == GrammarSettings(mode: .multiClass))
    #expect(grammar.regression == GrammarSettings(mode: .regression))
  }

  @Test(arguments: SearchTask.allCases.map(\.rawValue)) func theFileWritesOutEveryKey(name: String) throws {
    let file = try SearchSpaceFile.named(name)
    let written = Set(file.text.split(separator: "\n").map { $0.prefix { $0 != ":" } })
    for line in try file.resolved().yaml().split(separator: "\n") {
      #expect(written.contains(line.prefix { $0 != ":" }), "search_spaces/\(name).yaml lacks \(line)")
    }
  }

  @Test func whatIsPrintedReadsBackTheSame() throws {
    let space = try SearchSpaceFile.named("detection-twostage").resolved(overrides: [
      "training.proxy.learningRate=0.013"
    ])
    #expect(try SearchSpaceFile(name: "printed", text: space.yaml()).resolved() == space)
    let configuration = RunConfiguration(program: "1", data: "a folder: with 'marks'", seed: .max, space: space)
    #expect(try RunConfiguration.parse(configuration.yaml(), place: "test") == configuration)
  }

  @Test func aSpaceHasTheKeysOfItsTask() throws {
    let segmentation = try SearchSpaceFile.named("segmentation").resolved(overrides: ["segmentation.metric=BF1"])
    #expect(segmentation.metricName == "BF1" && segmentation.branch == .classification)
    let text = try segmentation.yaml()
    for key in ["detector:", "initialWeights:", "regression:", "  metric: AP"] {
      #expect(!text.contains(key), "\(key)")
    }
    #expect(try SearchSpaceFile(name: "printed", text: text).resolved() == segmentation)
    #expect(try !SearchSpaceFile.named("detection-twostage").resolved().yaml().contains("segment"))
    for (given, part) in [
      ("detector.kind=fcos", "detector"), ("branch=joint", "branch"),
      ("segmentation.tolerance=-1", "segmentation.tolerance"),
      ("segmentation.training.proxy.crop=30", "segmentation.training.proxy"),
      ("defaults.regression=giou", "regression"),
    ] {
      let error = #expect(throws: (any Error).self) {
        try SearchSpaceFile.named("segmentation").resolved(overrides: [given])
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains(part), "\(given)")
    }
  }

  @Test func aFileOfAnotherTaskLiesOverThatTasksDefaults() throws {
    let file = SearchSpaceFile(name: "mine.yaml", text: "task: detection-onestage\nevolution: {generations: 3}\n")
    var expected = try SearchSpaceFile.named("detection-onestage").resolved()
    expected.evolution.generations = 3
    #expect(try file.resolved() == expected)
    #expect(throws: SearchSpaceError.self) {
      try SearchSpaceFile.named("detection-onestage").resolved(overrides: ["detector.kind=faster-rcnn"])
    }
  }

  @Test(arguments: [SearchTask.detectionTwoStage, .detectionOneStage])
  func boxWeightsCollapseOnlyWhereAskedFor(task: SearchTask) throws {
    let file = try SearchSpaceFile.named(task.rawValue)
    #expect(try !file.resolved().detector.oneStage.collapsesBoxWeights)
    let space = try file.resolved(overrides: ["detector.oneStage.collapsesBoxWeights=true"])
    #expect(space.detector.oneStage.collapsesBoxWeights)
    #expect(try SearchSpaceFile(name: "printed", text: space.yaml()).resolved() == space)
  }

  @Test func overridesAndProfilesLieOverTheFile() throws {
    let text =
      "evolution: {generations: 3}\nprofiles:\n  short: {evolution: {generations: 2}, training: {proxy: {steps: 90}}}\n"
    let file = SearchSpaceFile(name: "mine.yaml", text: text)
    #expect(try file.resolved().evolution.generations == 3)
    #expect(try file.resolved(profile: "short").training.proxy.steps == 90)
    let space = try file.resolved(
      profile: "short", overrides: ["evolution.generations=7", "warmStart.regression=[iou, \"Sub(1,Div(I,U))\"]"])
    #expect(space.evolution.generations == 7)
    #expect(space.warmStart.regression == ["iou", "Sub(1,Div(I,U))"])
    #expect(try SearchSpaceFile(name: "empty", text: "").resolved() == SearchSpace())
  }

  @Test(arguments: [
    (
      "evolution:\n  generatoins: 3\n",
      "mine.yaml:2: unknown key 'evolution.generatoins'; did you mean 'evolution.generations'?"
    ),
    ("\n\nfoo: 1\n", "mine.yaml:3: unknown key 'foo'; known here:"),
    ("evolution: {generations: many}", "mine.yaml:1: evolution.generations: 'many' does not fit: give a whole number"),
    ("evolution: 3", "mine.yaml:1: evolution: takes keys"),
    ("evolution: {generations: {a: 1}}", "evolution.generations: takes a value"),
    ("evolution: [", "mine.yaml: not valid YAML: line 2"),
    ("branch: both", "branch"),
    ("evolution: {parents: 9, populationSize: 3}", "evolution: parents must not exceed populationSize"),
    ("grammar: {classification: {minimumDepth: 7}}", "maximumDepth must be at least minimumDepth"),
    ("grammar: {regression: {primitives: [Dot]}}", "Dot is none of REG"),
    ("grammar: {regression: {mode: MULTI_CLS}}", "grammar.regression.mode: must be REG"),
    ("selection: {simulatedCandidates: 2}", "less than evolution.proxyCandidates"),
    ("selection: {thresholdShare: 1.5}", "selection.thresholdShare: must lie in 0...1"),
    ("selection: {finalCombinations: 9}", "exceeds promotedCandidates"),
    ("training: {proxy: {steps: 0}}", "training.proxy"),
    ("detector: {backbone: {stageChannels: []}}", "stageChannels"),
    ("searchSpace: 2", "reads version 1, not 2"),
    ("profiles: {x: {evolutoin: {}}}", "did you mean 'evolution'?"),
    ("a: 1\na: 2", "mine.yaml: not valid YAML"),
  ])
  func contradictionsAreNamed(text: String, message: String) {
    let error = #expect(throws: SearchSpaceError.self, "\(text)") {
      _ = try SearchSpaceFile(name: "mine.yaml", text: text).resolved()
    }
    let found = error.map { "\($0)" } ?? ""
    #expect(found.contains(message), "\(found)")
    #expect(!found.contains("\n"), "one line: \(found)")
  }

  @Test(arguments: [
    ("evolution.generations", "expected key=value"), ("=3", "expected key=value"),
    ("evolution.generatoins=3", "did you mean 'evolution.generations'?"),
    ("evolution.generations=", "does not fit"), ("evolution=3", "takes keys"),
    ("evolution.generations=-1", "generations must be at least 0"),
  ])
  func badOverridesAreNamed(text: String, message: String) {
    let error = #expect(throws: SearchSpaceError.self, "\(text)") {
      _ = try SearchSpaceFile.named("detection-twostage").resolved(overrides: [text])
    }
    #expect(error.map { "\($0)".contains(message) } ?? false, "\(error.map { "\($0)" } ?? "no error")")
  }

  @Test func missingSpacesAndProfilesAreNamed() {
    #expect(throws: SearchSpaceError.unknownSpace(name: "nothing", known: SearchSpaceFile.embeddedNames)) {
      _ = try SearchSpaceFile.named("nothing")
    }
    #expect(throws: SearchSpaceError.unreadable(path: "./no.yaml", reason: "no such file")) {
      _ = try SearchSpaceFile.named("./no.yaml")
    }
    #expect(throws: SearchSpaceError.unknownProfile(name: "dmeo", known: ["standard", "small-objects", "demo"])) {
      _ = try SearchSpaceFile.named("detection-twostage").resolved(profile: "dmeo")
    }
  }

  @Test func aRunGoesOnOnlyWithWhatItBeganWith() throws {
    let configuration = try SmallSearch.configuration()
    var other = configuration
    #expect(try other.firstDifference(from: configuration) == nil)
    other.space.evolution.parents = 2
    let difference = try #require(try other.firstDifference(from: configuration))
    #expect(difference.key == "space.evolution.parents" && difference.ours == "2" && difference.theirs == "4")
  }

  /// A published card trains as the published name does.
  @Test(arguments: [("cse-autoloss-a", SearchTask.detectionTwoStage), ("cse-autoloss-b", .detectionOneStage)])
  func publishedCardsTrainAsTheirNames(name: String, task: SearchTask) throws {
    let folder = Self.root.appendingPathComponent("results/published").path
    let (cls, reg) = ("\(folder)/\(name)-cls.yaml", "\(folder)/\(name)-reg.yaml")
    #expect(
      try LossArgument.classification(cls, task: task, option: "--loss-cls")
        == LossText.classification(name, task, place: "test"))
    #expect(
      try LossArgument.regression(reg, task: task, option: "--loss-reg")
        == LossText.regression(name, task, place: "test"))
  }

  /// What would train nothing is no loss, also where a variable of the prediction stands in it.
  @Test(arguments: [
    ("Dot(Y,Y)", SearchTask.detectionTwoStage), ("Add(1,2)", .detectionTwoStage),
    ("Dot(Y,Sub(X,X))", .detectionTwoStage), ("PY", .detectionOneStage),
    ("Mul(PY,Div(X,X))", .detectionOneStage), ("Dot(Y,Y)", .segmentation),
  ])
  func lossesThatDoNotDependOnThePredictionAreRefused(text: String, task: SearchTask) throws {
    let error = #expect(throws: SearchError.self) {
      try LossArgument.classification(text, task: task, option: "--loss-cls")
    }
    #expect(error.map { "\($0)" }?.contains("does not depend on the prediction (X)") == true)
  }

  @Test(arguments: ["Div(U,U)", "Sub(I,I)", "Add(1,2)"]) func boxLossesThatDoNotDependOnThePredictionAreRefused(
    text: String
  ) throws {
    let error = #expect(throws: SearchError.self) {
      try LossArgument.regression(text, task: .detectionTwoStage, option: "--loss-reg")
    }
    #expect(error.map { "\($0)" }?.contains("does not depend on the prediction (U, I, E)") == true)
  }

  /// Losses that are more than their formula, one-stage ones without alpha, keep their name through a search.
  @Test(arguments: ["focal", "quality-focal", "cross-entropy", "cse-autoloss-b"]) func spellingOutChangesNoLoss(
    name: String
  ) throws {
    let pair = LossPair(classification: name, regression: "giou")
    let spelled = try pair.spelledOut(for: .detectionOneStage)
    #expect(try spelled.resolved(for: .detectionOneStage) == pair.resolved(for: .detectionOneStage), "\(spelled)")
  }

  @Test func publishedCardsAreRead() throws {
    let folder = Self.root.appendingPathComponent("results/published")
    for name in ["cse-autoloss-a-cls", "cse-autoloss-a-reg", "cse-autoloss-b-cls", "cse-autoloss-b-reg"] {
      let cards = try LossCardFile.cards(folder.appendingPathComponent(name + ".yaml").path)
      let card = try #require(cards.first)
      #expect(card.name == name)
      let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("card-\(UUID().uuidString).yaml")
      defer { try? FileManager.default.removeItem(at: scratch) }
      try Data(try LossCardFile.text(of: [card, card]).utf8).write(to: scratch)
      #expect(try LossCardFile.cards(scratch.path) == [card, card])
    }
    #expect(throws: SearchSpaceError.self) { _ = try LossCardFile.cards("no-such-card.yaml") }
  }

  @Test(arguments: SegmentationMetric.allCases) func publishedSurrogatesAreRead(metric: SegmentationMetric) throws {
    let name = "auto-seg-loss-\(metric.rawValue.lowercased())"
    let path = Self.root.appendingPathComponent("results/published/\(name).yaml").path
    let card = try #require(try LossCardFile.cards(path).first)
    #expect(card.name == name && card.kind == .surrogate(.published(metric)) && card.lossWeight == 1)
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("card-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let text = try LossCardFile.text(of: [card])
    try Data(text.utf8).write(to: scratch)
    #expect(try LossCardFile.cards(scratch.path) == [card])
    for (key, bad, words) in [
      ("metric: \(metric.rawValue)", "metric: mIOU", "did you mean 'mIoU'?"),
      ("tolerance: 5", "tolerance: -1", "tolerance is -1"),
      ("theta:", "tehta:", "did you mean 'theta'?"),
    ] {
      try Data(text.replacingOccurrences(of: key, with: bad).utf8).write(to: scratch)
      let error = try #require(throws: SearchSpaceError.self) { try LossCardFile.cards(scratch.path) }
      #expect("\(error)".contains(words), "\(error)")
    }
  }

  @Test(arguments: [
    "a: [", "", "name: x\nname: y", "loss_weight: .nan", "loss_weight: 0", "loss_weight: -1", "alpha: 5",
    "box_units: feet",
  ]) func brokenCardsAreRefused(broken: String) throws {
    let card = "autoloss_card: 1\nname: x\nmode: REG\nformula: Sub(1,Div(I,U))\n"
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("card-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(at: scratch) }
    try Data(card.utf8).write(to: scratch)
    #expect(try LossCardFile.cards(scratch.path).count == 1)
    try Data((broken.contains(":") && broken != "a: [" ? card + broken : broken).utf8).write(to: scratch)
    let error = #expect(throws: SearchSpaceError.self) { _ = try LossCardFile.cards(scratch.path) }
    #expect(error?.description.contains(scratch.path) == true && error?.description.contains("empty") == broken.isEmpty)
  }

  @Test(arguments: [
    "evolution.generations=9223372036854775807", "evolution.candidatesPerGeneration=9223372036854775807",
    "evolution.tournamentSize=100000000", "selection.finalSeeds=9223372036854775807",
    "verification.classCounts=[1000000000]", "data.height=0", "data.validationFraction=.nan",
    "data.synthetic.trainImages=0", "detector.proposals.lossWeight=.nan", "detector.proposals.suppressionThreshold=5",
    "detector.head.coarseFrom=.nan", "detector.results.suppressionThreshold=-1", "defaults.classification=giou",
    "defaults.regression=cross-entropy", "warmStart.regression=[l1]", "warmStart.classification=['Neg(']",
  ]) func absurdSettingsAreRefusedBeforeAnythingRuns(text: String) throws {
    let file = try SearchSpaceFile.named("detection-twostage")
    #expect(throws: (any Error).self) { _ = try file.resolved(overrides: [text]) }
  }
}
