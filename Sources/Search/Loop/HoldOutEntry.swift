/// A combination to score on the hold-out.
struct HoldOutEntry {
  var name: String
  var losses: LossPair

  /// What every find of a task is held against: what was published for it and, last, the usual losses.
  static func references(_ task: SearchTask) throws -> [HoldOutEntry] {
    switch task {
    case .detectionTwoStage:
      [
        try entry("cse-autoloss-a", "cse-autoloss-a", "cse-autoloss-a", task),
        try entry("cross-entropy + l1", "cross-entropy", "l1", task),
        try entry("cross-entropy + giou", "cross-entropy", "giou", task),
      ]
    case .detectionOneStage:
      [
        try entry("cse-autoloss-b", "cse-autoloss-b", "cse-autoloss-b", task),
        try entry("focal + iou", "focal", "iou", task), try entry("focal + giou", "focal", "giou", task),
      ]
    case .segmentation:
      // Names of `SegmentationLossChoice`, and cross entropy as a formula like the finds.
      ["published", "lovasz", "dice"].map {
        HoldOutEntry(name: $0, losses: LossPair(classification: $0, regression: ""))
      } + [try entry("cross-entropy", "cross-entropy", "", task)]
    }
  }

  private static func entry(
    _ name: String, _ classification: String, _ regression: String, _ task: SearchTask
  ) throws -> HoldOutEntry {
    HoldOutEntry(
      name: name, losses: try LossPair(classification: classification, regression: regression).spelledOut(for: task))
  }
}

extension SearchTask {
  /// The usual losses, the last of the references, in few letters.
  var usualLosses: String {
    switch self {
    case .detectionTwoStage: "ce+giou"
    case .detectionOneStage: "focal+giou"
    case .segmentation: "ce"
    }
  }
}
