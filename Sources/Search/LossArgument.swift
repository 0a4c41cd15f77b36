import Losses

/// A loss as the command line takes it: a formula, a built-in name, or a card file, with `#name` for one of its cards.
public enum LossArgument {
  /// Throws `SearchError.badLoss` or `SearchSpaceError`, both of which name the option and the mend.
  public static func classification(_ argument: String, task: SearchTask, option: String) throws -> ClassificationLoss {
    let mode = task.classificationMode
    guard let file = CardReference(argument) else {
      let loss = try LossText.classification(argument, task, place: option)
      try LossText.requirePrediction(loss.formula, in: mode, place: option, text: argument)
      return loss
    }
    let (card, loss) = try file.first(option, fits: "no \(mode.rawValue) card") { card in
      card.classificationLoss.flatMap { $0.mode == mode ? $0 : nil }
    }
    let needsOverlap = [.z, .q].contains { loss.formula.variables.contains($0) }
    try refuse(card, argument, option, task, iou: needsOverlap ? .decodedBox : nil, boxUnits: nil)
    try LossText.requirePrediction(loss.formula, in: mode, place: option, text: argument)
    return loss
  }

  /// Throws as `classification` does.
  public static func regression(_ argument: String, task: SearchTask, option: String) throws -> BoxLoss {
    let loss: BoxLoss
    if let file = CardReference(argument) {
      let (card, found) = try file.first(option, fits: "no REG card") { $0.boxLoss }
      try refuse(card, argument, option, task, iou: nil, boxUnits: .pixels)
      loss = found
    } else {
      loss = try LossText.regression(argument, task, place: option)
    }
    if let formula = loss.formula {
      try LossText.requirePrediction(formula, in: .regression, place: option, text: argument)
    }
    return loss
  }

  /// Refuses a card that asks for what the trainer does not do, rather than train something else; nil means that any
  /// value will do.
  private static func refuse(
    _ card: LossCard, _ argument: String, _ option: String, _ task: SearchTask, iou: LossCard.IoUSource?,
    boxUnits: LossCard.BoxUnits?
  ) throws {
    try card.require(
      [
        ("reduction", card.reduction.rawValue, [Reduction.mean.rawValue]),
        ("average_by", card.averageBy.rawValue, task.averages.map(\.rawValue)),
        ("iou", card.iou.rawValue, iou.map { [$0.rawValue] } ?? []),
        ("box_units", card.boxUnits.rawValue, boxUnits.map { [$0.rawValue] } ?? []),
      ], trainer: "\(task.rawValue) trains", place: option, text: argument)
  }
}

extension LossCard {
  /// Refuses a card whose keys ask for what a trainer does not do; a key without supported values may say anything.
  ///
  /// - Parameter trainer: who trains, as "segmenters train".
  func require(
    _ keys: [(key: String, given: String, supported: [String])], trainer: String, place: String, text: String
  ) throws {
    for (key, given, supported) in keys where !supported.isEmpty && !supported.contains(given) {
      throw SearchError.badLoss(
        place: place, text: text,
        reason: "the card '\(name)' has \(key): \(given), but \(trainer) with "
          + "\(supported.joined(separator: " or ")); change the key in a copy of the card to train so")
    }
  }
}

extension SearchTask {
  /// What cards may ask a network to divide by. A one-stage head divides by its positives (FCOS adds the images), whichever of
  /// these the card was written for.
  fileprivate var averages: [LossCard.Average] {
    switch self {
    case .detectionTwoStage, .segmentation: [.sampled]
    case .detectionOneStage: [.sampled, .positives, .positivesPlusImages]
    }
  }
}

/// A card file named on the command line, with the card's name after `#` where one is meant.
struct CardReference {
  let argument: String
  let path: String
  let name: String?

  /// Nil for what is no file of cards.
  init?(_ argument: String) {
    let parts = argument.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard [".yaml", ".yml", ".json"].contains(where: { parts[0].hasSuffix($0) }) else { return nil }
    (self.argument, path, name) = (argument, parts[0], parts.count > 1 ? parts[1] : nil)
  }

  /// The first card, of the given name if there is one, that gives a loss.
  func first<Loss>(
    _ option: String, fits missing: String, _ loss: (LossCard) -> Loss?
  ) throws -> (LossCard, Loss) {
    let cards = try LossCardFile.cards(path)
    for card in cards where name == nil || card.name == name {
      if let found = loss(card) { return (card, found) }
    }
    throw SearchError.badLoss(
      place: option, text: argument,
      reason: "\(missing)\(name.map { " named '\($0)'" } ?? "") in it (cards: "
        + cards.map(\.name).joined(separator: ", ") + ")")
  }
}
