/// A place in the walk from text to proof where a candidate can end.
///
/// The raw values are stable: progress line, store, report and JSON use them.
public enum Stage: String, Codable, Hashable, Sendable, CaseIterable {
  /// The text is read; failures are errors with a caret, not rejections.
  case parse
  /// Another spelling of a formula that was already judged ends here.
  case canonicalize
  /// Convergence properties on probe inputs.
  case verify
  /// Descent on bare logits or boxes, then a few steps of the real detector.
  case simulate
  /// Training of the small detector.
  case proxy
  /// Comparison with the others: score, then complexity.
  case select
  /// Final scoring on the hold-out split.
  case report
}
