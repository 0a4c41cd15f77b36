import Evolution
import RunStore

/// Everything that decides what a run finds: written to `config.yaml`, compared on `--resume`.
public struct RunConfiguration: StoredConfiguration {
  public static let kind = RunKind.formulas

  /// Version of this schema.
  public var run = 1
  /// Version of the program that started the run.
  public var program: String
  /// `synthetic` or the data folder.
  public var data: String
  public var seed: UInt64
  public var space: SearchSpace

  public init(program: String, data: String, seed: UInt64, space: SearchSpace) {
    self.program = program
    self.data = data
    self.seed = seed
    self.space = space
  }

  /// The command line of this search, with every setting that is not as its embedded space has it.
  public func command() throws -> String {
    let searched = space.segmentation.map { ["--metric", $0.metric.rawValue] } ?? ["--branch", space.branch.rawValue]
    let words = ["autoloss evolve --task", space.task.rawValue, "--data", dataName] + searched
    let options = try space.commandOptions(over: space.task.rawValue, besides: ["branch", "segmentation.metric"])
    return (words + options + ["--seed", "\(seed)"]).joined(separator: " ")
  }

  /// The seed of the first, second … training of one kind.
  func seed(_ purpose: TrainingPurpose, _ index: Int = 0) -> UInt64 {
    switch space.task {
    case .detectionTwoStage, .detectionOneStage: trainingSeed(purpose.rawValue, index)
    case .segmentation: segmenterSeed(purpose.rawValue, index)
    }
  }

  /// The training of a stored candidate.
  func request(_ candidate: CandidateRecord, _ purpose: TrainingPurpose) -> TrainingRequest {
    TrainingRequest(
      losses: LossPair(classification: candidate.classification, regression: candidate.regression), purpose: purpose,
      seed: seed(purpose))
  }
}
