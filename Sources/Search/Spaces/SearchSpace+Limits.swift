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
    try checkCounts()
    try checkLosses()
    if let segmentation {
      try require(branch == .classification, "branch", "the task segmentation has the branch cls alone")
      try require(
        !grammar.classification.variables.contains(.z), "grammar.classification.variables",
        "Z is the IoU of a box with its target, which pixels do not have: take it out")
      try segmentation.checkLimits()
    } else {
      try checkDetector()
      try checkData()
    }
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
    if task != .segmentation {
      _ = try LossText.regression(defaults.regression, task, place: "defaults.regression")
    }
    _ = try warmStartGenomes()
  }

  private func checkDetector() throws {
    let fitting = DetectorKind.allCases.filter { $0.classificationMode == task.classificationMode }
    try require(
      fitting.contains(detector.kind), "detector.kind",
      "the task \(task.rawValue) takes \(fitting.map(\.rawValue).joined(separator: ", ")), not \(detector.kind.rawValue)"
    )
    do throws(DetectorError) {
      try detector.validate()
    } catch {
      throw SearchSpaceError.contradiction(key: "detector", problem: "\(error)")
    }
    for (name, schedule) in [("verify", training.verify), ("proxy", training.proxy), ("final", training.final)] {
      try require(schedule.largestZoom != nil, "training.\(name).largestZoom", "needs a number; 1: no zoom")
      do throws(DetectorError) {
        try schedule.validate()
      } catch {
        throw SearchSpaceError.contradiction(key: "training.\(name)", problem: "\(error)")
      }
    }
  }

  /// Counts beyond these are slips of the pen; the plan multiplies them.
  private func checkCounts() throws {
    let counts: [(String, Int, Int)] = [
      ("evolution.generations", evolution.generations, 1_000_000),
      ("evolution.candidatesPerGeneration", evolution.candidatesPerGeneration, 10_000_000),
      ("evolution.populationSize", evolution.populationSize, 1_000_000),
      ("evolution.tournamentSize", evolution.tournamentSize, 10_000),
      ("evolution.lookAhead", evolution.lookAhead, 10_000),
      ("verification.logitGapCount", verification.logitGapCount, 1_000),
      ("verification.wideLogitGapCount", verification.wideLogitGapCount, 1_000),
      ("verification.logitCount", verification.logitCount, 10_000),
      ("verification.pathSteps", verification.pathSteps, 10_000),
      ("verification.classCounts", verification.classCounts.max() ?? 0, 10_000),
      ("simulation.classCounts", simulation.classCounts.max() ?? 0, 10_000),
      ("simulation.steps", simulation.steps, 1_000_000), ("simulation.rows", simulation.rows, 100_000),
      ("simulation.boxes", simulation.boxes, 100_000),
      ("selection.simulatedCandidates", selection.simulatedCandidates, 1_000_000),
      ("selection.promotionSeeds", selection.promotionSeeds, 10_000),
      ("selection.finalSeeds", selection.finalSeeds, 10_000),
      ("selection.screeningBatch", selection.screeningBatch, 10_000_000),
    ]
    for (key, value, most) in counts { try require(value <= most, key, "\(value) is more than \(most)") }
  }

  private func checkData() throws {
    do throws(DatasetError) {
      try data.validate()
    } catch {
      throw SearchSpaceError.contradiction(key: "data", problem: "\(error)")
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
