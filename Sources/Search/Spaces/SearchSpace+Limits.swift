import Formulas
import Losses
import Proxy

/// Refuses search spaces whose numbers contradict one another.
extension SearchSpace {
  /// Throws the first contradiction, named by its key.
  public func checkLimits() throws {
    try require(searchSpace == 1, "searchSpace", "this autoloss reads version 1, not \(searchSpace)")
    try require(
      grammar.classification.mode == task.classificationMode, "grammar.classification.mode",
      "the task \(task.rawValue) needs \(task.classificationMode.rawValue)")
    try require(grammar.regression.mode == .regression, "grammar.regression.mode", "must be REG")
    for (key, problems) in [
      ("grammar.classification", grammar.classification.problems), ("grammar.regression", grammar.regression.problems),
      ("verification", verification.problems), ("simulation", simulation.problems), ("evolution", evolution.problems),
    ] {
      if let problem = problems.first { throw SearchSpaceError.contradiction(key: key, problem: problem) }
    }
    try checkLosses()
    try checkDetector()
    try selection.checkLimits()
    try require(
      selection.simulatedCandidates >= evolution.proxyCandidates, "selection.simulatedCandidates",
      "\(selection.simulatedCandidates) is less than evolution.proxyCandidates (\(evolution.proxyCandidates)), "
        + "which are chosen among them")
    try require(
      selection.promotedCandidates <= evolution.populationSize, "selection.promotedCandidates",
      "exceeds evolution.populationSize (\(evolution.populationSize))")
  }

  /// Throws `SearchError` for a text under `defaults` or `warmStart` that stands for no loss of the task.
  private func checkLosses() throws {
    _ = try LossText.classification(defaults.classification, task, place: "defaults.classification")
    _ = try LossText.regression(defaults.regression, task, place: "defaults.regression")
    _ = try warmStartGenomes()
  }

  private func checkDetector() throws {
    do throws(DetectorError) {
      try detector.validate()
    } catch {
      throw SearchSpaceError.contradiction(key: "detector", problem: "\(error)")
    }
    for (name, schedule) in [("verify", training.verify), ("proxy", training.proxy), ("final", training.final)] {
      do throws(DetectorError) {
        try schedule.validate()
      } catch {
        throw SearchSpaceError.contradiction(key: "training.\(name)", problem: "\(error)")
      }
    }
  }

  private func require(_ holds: Bool, _ key: String, _ problem: String) throws {
    if !holds { throw SearchSpaceError.contradiction(key: key, problem: problem) }
  }
}

extension SelectionSettings {
  func checkLimits() throws {
    let counts: [(String, Int, Int)] = [
      ("simulatedCandidates", simulatedCandidates, 1), ("promotedCandidates", promotedCandidates, 1),
      ("promotionSeeds", promotionSeeds, 1), ("finalCombinations", finalCombinations, 1),
      ("finalSeeds", finalSeeds, 1), ("screeningBatch", screeningBatch, 1),
    ]
    for (key, value, least) in counts where value < least {
      throw SearchSpaceError.contradiction(key: "selection.\(key)", problem: "must be at least \(least)")
    }
    guard (0...1).contains(thresholdShare) else {
      throw SearchSpaceError.contradiction(key: "selection.thresholdShare", problem: "must lie in 0...1")
    }
    guard finalCombinations <= promotedCandidates else {
      throw SearchSpaceError.contradiction(
        key: "selection.finalCombinations", problem: "exceeds promotedCandidates (\(promotedCandidates))")
    }
  }
}
