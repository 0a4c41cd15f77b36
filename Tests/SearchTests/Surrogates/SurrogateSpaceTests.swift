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
    ("surrogate: {parameterization: cubic}", "surrogate.parameterization"), ("metric: IoU", "metric"),
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

  @Test func aSpaceOfTheOtherVerbIsNamed() throws {
    let error = #expect(throws: SearchSpaceError.self) {
      _ = try SearchSpaceFile.named("segmentation-biou").resolved()
    }
    #expect(error.map { "\($0)".contains("`autoloss surrogate search`") } == true)
  }
}
