/// One input at which a property was judged, named so that a reader can rebuild it.
public enum Probe: Codable, Hashable, Sendable, CustomStringConvertible {
  /// One row of logits: classes including the background, the label, the gap x_true − logsumexp(others),
  /// the spread of the others around their mean, and the IoU Z.
  case logits(classes: Int, label: Int, gap: Double, spread: Double, overlap: Double, moved: MovedLogits)
  /// One element: its logit, the IoU target Q, and whether it is the positive of its row.
  case element(classes: Int, logit: Double, quality: Double, positive: Bool)
  /// One predicted box on its straight way (0 start, 1 end) to a target of this size in pixels.
  case boxes(family: BoxFamily, path: Int, width: Double, height: Double, progress: Double)

  public var description: String {
    switch self {
    case .logits(let classes, let label, let gap, let spread, let overlap, let moved):
      "logits(C=\(classes), label=\(label), gap=\(Self.trimmed(gap)), spread=\(Self.trimmed(spread)), "
        + "Z=\(Self.trimmed(overlap)), moved=\(moved.rawValue))"
    case .element(let classes, let logit, let quality, let positive):
      "element(C=\(classes), x=\(Self.trimmed(logit)), Q=\(Self.trimmed(quality)), PY=\(positive ? 1 : 0))"
    case .boxes(let family, let path, let width, let height, let progress):
      "boxes(\(family.rawValue) \(path), target \(Self.trimmed(width))x\(Self.trimmed(height)) px, "
        + "\(Self.trimmed(progress * 100)) % of the way)"
    }
  }

  private static func trimmed(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}

/// Which logits of a row move while the gap goes from its lower to its upper limit.
public enum MovedLogits: String, Codable, Hashable, Sendable, CaseIterable {
  case trueLogit = "true"
  case otherLogits = "others"
}
