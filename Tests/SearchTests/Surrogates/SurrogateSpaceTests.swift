import Foundation
import Losses
import Search
import Testing

/// Search spaces for surrogates are read in full or refused with the place and the mend.
@Suite struct SurrogateSpaceTests {
  @Test(arguments: SegmentationMetric.allCases) func eachMetricHasItsSpace(metric: SegmentationMetric) throws {
    let file = try SearchSpaceFile.named(SurrogateSpace.embeddedName(metric))
    #expect(try file.kind() == .surrogate)
    let space = try file.resolvedSurrogate()
    #expect(space.metric == metric)
    #expect(space.policy.problems(numbers: space.numbers).isEmpty)
    // The file gives every key, so that what is printed reads back the same, and so do its profiles.
    #expect(try SearchSpaceFile(name: "printed", text: space.yaml()).resolvedSurrogate() == space)
    for profile in try file.profiles() { _ = try file.resolvedSurrogate(profile: profile) }
    let written = Set(file.text.split(separator: "\n").map { $0.prefix { $0 != ":" } })
    for line in try space.yaml().split(separator: "\n") {
      #expect(written.contains(line.prefix { $0 != ":" }), "\(file.name) lacks \(line)")
    }
  }

  @Test func theDefaultsAreThoseOfMIoU() throws {
    let space = try SearchSpaceFile.named("segmentation-miou").resolvedSurrogate()
    var expected = SurrogateSpace()
    // The numbers of trainings are tuned in the file.
    (expected.training, expected.segmenter) = (space.training, space.segmenter)
    #expect(space == expected)
  }

  @Test func aFileLiesOverItsMetricsDefaults() throws {
    let text = "metric: BF1\nsearch: {generations: 2}\n"
    let space = try SearchSpaceFile(name: "mine.yaml", text: text).resolvedSurrogate()
    #expect(space.surrogate.pieces == 1 && space.search.generations == 2 && space.numbers == 8)
    let bare = try SearchSpaceFile(name: "mine.yaml", text: "search: {generations: 2}\n").resolvedSurrogate(
      metric: .boundaryIoU)
    #expect(bare.metric == .boundaryIoU && bare.surrogate.dropBackground == .whereNamed)
  }

  @Test(arguments: [
    ("serach: {generations: 2}", "mine.yaml:1: unknown key 'serach'; did you mean 'search'?"),
    ("search:\n  generatoins: 2", "mine.yaml:2: unknown key 'search.generatoins'; did you mean 'search.generations'?"),
    ("policy: {means: [0.5, 0.5]}", "policy: means: has 2 numbers, theta has 12"),
    ("policy: {clip: 2}", "policy: clip"), ("policy: {baseline: median}", "policy.baseline"),
    ("search: {samplesPerGeneration: 1}", "search.samplesPerGeneration: 1 does not lie in 2 ... 10000"),
    ("search: {generations: 9223372036854775807}", "search.generations"),
    ("surrogate: {pieces: 0}", "surrogate.pieces"), ("surrogate: {pieces: 9223372036854775807}", "surrogate.pieces"),
    ("surrogate: {tolerance: -1}", "surrogate.tolerance"),
    (
      "surrogate: {parameterization: cubic}",
      "surrogate.parameterization: 'cubic' does not fit: give one of bezier, piecewise_linear"
    ),
    (
      "metric: IoU",
      "metric: 'IoU' does not fit: did you mean 'mIoU'? (one of mIoU, FWIoU, mAcc, gAcc, BIoU, BF1)"
    ),
    ("surrogate: {dropBackground: alwys}", "did you mean 'always'? (one of whereNamed, always, never)"),
    ("training: {proxy: {schedule: {schedule: cosinus}}}", "did you mean 'cosine'?"),
    ("training: {proxy: {schedule: {steps: 0}}}", "training.proxy"),
    ("training: {final: {crop: 33}}", "training.final"),
    ("segmenter: {stageChannels: []}", "segmenter"), ("data: {longestSide: 3}", "data"),
    ("task: detection-onestage", "`autoloss evolve`"), ("searchSpace: 2", "reads version 1, not 2"),
    ("selection: {finalSeeds: 0}", "selection.finalSeeds"),
  ])
  func contradictionsAreNamed(text: String, message: String) {
    let error = #expect(throws: SearchSpaceError.self, "\(text)") {
      _ = try SearchSpaceFile(name: "mine.yaml", text: text).resolvedSurrogate()
    }
    let found = error.map { "\($0)" } ?? ""
    #expect(found.contains(message) && !found.contains("\n"), "\(found)")
  }

  /// No message calls a value by the name of a Swift type, whichever key of whichever space it stands under.
  @Test(arguments: ["detection-twostage", "segmentation", "segmentation-biou"]) func namedValuesAreListed(name: String)
    throws
  {
    let file = try SearchSpaceFile.named(name)
    let isSurrogate = try file.kind() == .surrogate
    let text = try isSurrogate ? file.resolvedSurrogate().yaml() : file.resolved().yaml()
    var path: [(indent: Int, key: String)] = []
    var listed = 0
    for line in text.split(separator: "\n") {
      let indent = line.prefix { $0 == " " }.count
      path.removeAll { $0.indent >= indent }
      let parts = line.split(separator: ":", maxSplits: 1)
      path.append((indent, String(parts[0].dropFirst(indent))))
      guard parts.count == 2, parts[1].dropFirst().first?.isLetter == true, !parts[1].hasSuffix("true"),
        !parts[1].hasSuffix("false")
      else { continue }
      let key = path.map(\.key).joined(separator: ".")
      do {
        let change = ["\(key)=nonsense"]
        _ = try isSurrogate ? file.resolvedSurrogate(overrides: change).yaml() : file.resolved(overrides: change).yaml()
      } catch {
        #expect(!"\(error)".contains("Cannot initialize"), "\(error)")
        if "\(error)".contains("one of ") { listed += 1 }
      }
    }
    #expect(listed >= (isSurrogate ? 5 : 4), "\(listed) keys with named values in \(name)")
  }

  /// Curves and formulas train and are scored alike, so that what they find can be compared.
  @Test(arguments: [nil, "demo"] as [String?]) func curvesAndFormulasSearchOnTheSameGround(profile: String?) throws {
    let formulas = try #require(try SearchSpaceFile.named("segmentation").resolved(profile: profile).segmentation)
    for metric in SegmentationMetric.allCases {
      let curves = try SearchSpaceFile.named(SurrogateSpace.embeddedName(metric)).resolvedSurrogate(profile: profile)
      #expect(curves.training.proxy == formulas.training.proxy && curves.training.final == formulas.training.final)
      #expect(curves.segmenter == formulas.segmenter && curves.data == formulas.data)
      #expect(curves.surrogate.tolerance == formulas.tolerance)
      #expect(curves.surrogate.dropBackground == formulas.dropBackground)
    }
  }

  /// The command that a card gives as its evidence makes the search again: its options give the same space.
  @Test(
    arguments: [
      ([], nil), (["search.generations=2", "policy.deviations=[0.1]", "data.longestSide=128"], nil), ([], "demo"),
      (["selection.finalSeeds=1"], "demo"),
      (["surrogate.tolerance=3", "policy.means=[0.5]"], "released"),
    ] as [([String], String?)]) func theCommandOfEvidenceGivesTheSpace(overrides: [String], profile: String?) throws
  {
    for metric in SegmentationMetric.allCases {
      let file = try SearchSpaceFile.named(SurrogateSpace.embeddedName(metric))
      let space = try file.resolvedSurrogate(profile: profile, overrides: overrides)
      let command = try SurrogateConfiguration(program: "test", data: "a/b", seed: 4, space: space).command()
      let start = "autoloss surrogate search --metric \(metric.rawValue) --data b"
      #expect(command.hasPrefix(start) && command.hasSuffix(" --seed 4"), "\(command)")
      let given = Self.options(command)
      #expect(try file.resolvedSurrogate(profile: given.profile, overrides: given.overrides) == space, "\(command)")
      #expect(given.profile == profile && given.overrides.count <= overrides.count, "\(command)")
    }
  }

  /// The same for `evolve`, from whatever file the space came.
  @Test(arguments: ["detection-twostage", "detection-onestage", "segmentation"]) func theCommandOfEvolveGivesTheSpace(
    name: String
  ) throws {
    let file = try SearchSpaceFile.named(name)
    let text =
      "task: \(name)\nevolution: {generations: 3}\nwarmStart: {classification: [\"Neg(Dot(Y,Log(Softmax(X))))\"]}\n"
    let mine = name == "detection-onestage" ? "task: \(name)\nevolution: {generations: 3}\n" : text
    let space = try SearchSpaceFile(name: "mine.yaml", text: mine).resolved(overrides: ["selection.finalSeeds=7"])
    let command = try RunConfiguration(program: "test", data: "synthetic", seed: 1, space: space).command()
    let given = Self.options(command)
    #expect(try file.resolved(profile: given.profile, overrides: given.overrides) == space, "\(command)")
    #expect(command.contains("--set evolution.generations=3") && command.contains("--set selection.finalSeeds=7"))
  }

  /// `--profile` and `--set` of a command line, unquoted.
  private static func options(_ command: String) -> (profile: String?, overrides: [String]) {
    var (words, word, isQuoted) = ([String](), "", false)
    for character in command {
      if character == "'" {
        isQuoted.toggle()
      } else if character == " ", !isQuoted {
        words.append(word)
        word = ""
      } else {
        word.append(character)
      }
    }
    words.append(word)
    let pairs = zip(words, words.dropFirst())
    return (pairs.first { $0.0 == "--profile" }?.1, pairs.filter { $0.0 == "--set" }.map { $0.1 })
  }

  @Test func aSpaceOfTheOtherVerbIsNamed() throws {
    let error = #expect(throws: SearchSpaceError.self) {
      _ = try SearchSpaceFile.named("segmentation-biou").resolved()
    }
    #expect(error.map { "\($0)".contains("`autoloss surrogate search`") } == true)
  }
}
