/// The mean of the losses over the last tenth of a training.
struct LossTail: Hashable, Sendable, Codable {
  private let first: Int
  private var sum = LossSummary()
  private var count = 0

  init(steps: Int) {
    first = steps - max(1, steps / 10)
  }

  /// Whether this is of a training with as many steps.
  func continues(_ other: LossTail) -> Bool { first == other.first && count >= 0 }

  mutating func add(_ summary: LossSummary, step: Int) {
    guard step >= first else { return }
    sum.objectness += summary.objectness
    sum.proposalBoxes += summary.proposalBoxes
    sum.classification += summary.classification
    sum.boxes += summary.boxes
    sum.centerness += summary.centerness
    sum.masks += summary.masks
    count += 1
  }

  /// All zero before the tail begins.
  var mean: LossSummary {
    let n = Double(max(count, 1))
    return LossSummary(
      objectness: sum.objectness / n, proposalBoxes: sum.proposalBoxes / n, classification: sum.classification / n,
      boxes: sum.boxes / n, centerness: sum.centerness / n, masks: sum.masks / n)
  }
}
