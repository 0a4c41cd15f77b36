import Evolution

/// The walk of every candidate loss, from text to proof, on one page.
///
/// Cheap questions come first; the first "no" ends the walk and is stored with its reason. Every line below may be cut off
/// by a kill: what it had committed is found again on resume, and the walk goes on from there.
extension SearchRun {
  /// Walks to the end, or throws `Interrupted` after a clean checkpoint.
  public func run() throws -> SearchResult {
    // The yardstick: what the default losses reach with the same seeds.
    try measureBaselines()

    while state.phase != .final {
      switch state.phase {
      case .propose:
        // parse, canonicalize: new candidates; another spelling of a loss already judged ends here.
        // verify: convergence properties on probes.
        // simulate (a): descent on bare logits and boxes.
        try proposeAndScreen()
      case .simulate:
        // simulate (b): a short training on one image a class; a share of the default losses' AP50 is asked, and of those
        // that reach it the K best go on.
        try trainShortly()
      case .proxy:
        // proxy: the small detector, trained on search-train and scored on search-val.
        // select: by score, then by complexity; the best become parents of the next generation.
        try trainProxiesAndSelect()
      case .final:
        break
      }
    }
    // More seeds where the stakes are higher.
    let winners = try promote()
    // report: fresh paired seeds, once on the hold-out, beside the published and the usual losses.
    return try scoreFinally(winners)
  }
}
