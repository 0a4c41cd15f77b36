import Evolution
import Formulas
import Proxy
import Screening

/// What a search does, in full: grammar, screening, detector, data, schedules, evolution.
///
/// The YAML files in `search_spaces/` are its written form; every number there is explained beside it.
public struct SearchSpace: Codable, Hashable, Sendable {
  /// Version of this schema.
  public var searchSpace = 1
  public var task = SearchTask.detectionTwoStage
  /// Which losses are varied.
  public var branch = SearchBranch.joint
  /// The losses of branches that are not varied, and the yardstick of the short training.
  public var defaults = DefaultLosses()
  /// Formulas that the initial generation starts from.
  public var warmStart = WarmStart()
  public var grammar = BranchGrammars()
  public var verification = VerificationSettings.standard
  public var simulation = SimulationSettings.standard
  public var detector = DetectorSettings.standard
  /// What every training begins with.
  public var initialWeights = InitialWeights.none
  public var data = DataSettings.standard
  public var training = TrainingSchedules()
  /// Of the task segmentation alone, which takes it in place of detector, initial weights, data, training and everything about
  /// boxes.
  public var segmentation: SegmentationTarget?
  public var evolution = EvolutionSettings.standard
  public var selection = SelectionSettings()

  public init() {}

  /// The plain defaults of a task.
  init(task: SearchTask) {
    self.task = task
    guard task == .segmentation else { return }
    branch = .classification
    segmentation = SegmentationTarget()
    selection.metric = nil
  }
}

/// What the losses are searched for.
public enum SearchTask: String, Codable, Hashable, Sendable, CaseIterable {
  /// Faster or Cascade R-CNN: MULTI_CLS and REG.
  case detectionTwoStage = "detection-twostage"
  /// FCOS or ATSS: BINARY_CLS and REG.
  case detectionOneStage = "detection-onestage"
  /// A segmenter: MULTI_CLS for every pixel.
  case segmentation

  /// The tasks that train detectors.
  public static let ofDetectors: [SearchTask] = [.detectionTwoStage, .detectionOneStage]

  /// The mode of the classification formula.
  public var classificationMode: Mode {
    switch self {
    case .detectionTwoStage, .segmentation: .multiClass
    case .detectionOneStage: .binaryClass
    }
  }
}

/// The losses that a detector is usually trained with; built-in names or formulas.
public struct DefaultLosses: Codable, Hashable, Sendable {
  public var classification = "cross-entropy"
  public var regression = "giou"
}

/// Formulas to start from; built-in names or formulas, combined each with each in a joint search.
public struct WarmStart: Codable, Hashable, Sendable {
  public var classification = ["cross-entropy"]
  public var regression = ["linear-iou", "giou"]
}

/// The grammars of the two branches.
public struct BranchGrammars: Codable, Hashable, Sendable {
  public var classification = GrammarSettings(mode: .multiClass)
  public var regression = GrammarSettings(mode: .regression)
}

/// The trainings of a search, in steps.
public struct TrainingSchedules: Codable, Hashable, Sendable {
  /// Second step of the simulation: one image a class.
  public var verify = TrainingSettings.verify
  /// Ranks candidates on search-val.
  public var proxy = TrainingSettings.proxy
  /// Final scores on the hold-out.
  public var final = TrainingSettings.final
}

/// Which candidates go on from the detector's trainings, and how the winners are scored.
public struct SelectionSettings: Codable, Hashable, Sendable {
  /// Survivors of the descent simulation that are trained on D_verify in each generation.
  public var simulatedCandidates = 24
  /// They must reach this share of the default losses' AP50 there.
  public var thresholdShare = 0.5
  /// What the proxy score of a detector is; a segmenter's stands with its data.
  public var metric: ScoreMetric? = .ap
  /// Best individuals that are trained again on the proxy with further seeds before the final scoring.
  public var promotedCandidates = 6
  /// Seeds of that training, the first one included.
  public var promotionSeeds = 3
  /// Best combinations in the final scoring.
  public var finalCombinations = 2
  /// Paired fresh seeds in the final scoring.
  public var finalSeeds = 3
  /// Proposals that are screened at once; each such batch is one step of the run.
  public var screeningBatch = 64
  /// Whether losses whose gradients differ by a positive factor alone count as one.
  public var mergeFamilies = false
}

/// A number that a training is judged by.
public enum ScoreMetric: String, Codable, Hashable, Sendable, CaseIterable {
  case ap = "AP"
  case ap50 = "AP50"
  case ap75 = "AP75"
}
