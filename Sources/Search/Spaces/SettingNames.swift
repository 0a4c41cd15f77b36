import Evolution
import Formulas
import Losses
import Networks
import Proxy
import Surrogates

/// Every name that a key of some search space takes as its value, each once.
enum SettingNames {
  static let all = lists.flatMap { $0 }.reduce(into: [String]()) { names, name in
    if !names.contains(name) { names.append(name) }
  }

  private static let lists: [[String]] = [
    names(SearchTask.self), names(SurrogateTask.self), names(SearchBranch.self), names(Mode.self),
    names(Primitive.self),
    names(Variable.self), names(GenerationMethod.self), names(ScoreMetric.self), names(DetectorKind.self),
    names(Normalization.self), names(SegmentationMetric.self), names(SurrogateParameterization.self),
    names(RewardBaseline.self), names(PolicySchedule.self), names(BackgroundRule.self),
    names(LearningRateSchedule.Kind.self), names(OptimizerSettings.Kind.self),
  ]

  private static func names<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> [String] {
    Choice.allCases.map(\.rawValue)
  }
}
