import RunStore

/// The detector's trainings that a search asks for, and its yardstick.
extension SearchRun {
  /// The outcomes of the requests, in their order: from this run, from the cache, or trained now.
  func train(_ requests: [TrainingRequest], activity: String) throws -> [ScoreOutcome] {
    try trainings.train(requests, lookAhead: space.evolution.lookAhead) { done in
      report(activity, done: done, total: requests.count, unit: "trainings")
    }
  }

  /// The yardstick of the run: the default losses on D_verify and on the proxy, once.
  func measureBaselines() throws {
    let requests = [TrainingPurpose.simulate, .proxy].map {
      TrainingRequest(losses: defaultLosses, purpose: $0, seed: seed($0))
    }
    for (request, outcome) in zip(requests, try train(requests, activity: "default losses")) {
      guard case .diverged(let step) = outcome else { continue }
      let schedule = request.purpose == .simulate ? "verify" : "proxy"
      let key =
        space.segmentation == nil
        ? "training.\(schedule).learningRate" : "segmentation.training.\(schedule).schedule.learningRate"
      throw SearchError.baselineDiverged(losses: request.losses.text, step: step, key: key)
    }
    if try store.latestGeneration() == nil { try store.commit(RunStep(generation: try state.record())) }
  }

  /// What the default losses reached in one kind of training; nil before it was measured.
  func baseline(_ purpose: TrainingPurpose, _ metric: String) -> Double? {
    outcomes[TrainingRequest(losses: defaultLosses, purpose: purpose, seed: seed(purpose)).key]?.value(metric)
  }
}
