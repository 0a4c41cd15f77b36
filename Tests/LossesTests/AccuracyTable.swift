/// The rows of docs/accuracy.md: what is measured, and PyTorch's error beside which it stands.
struct AccuracyRow: Sendable {
  /// A primitive, and whether its slope (the factor in the backward pass) is meant.
  let name: String
  let isSlope: Bool
  /// The arguments that count.
  let low: Float
  let high: Float
  /// Errors are in units in the last place of the result, or of this number where the result is smaller.
  let scale: Float
  /// PyTorch 2.15's largest error there, by scripts/measure_pytorch_accuracy.py with step 1499.
  let pytorch: Double

  init(_ name: String, _ low: Float, _ high: Float, scale: Float = 0, slope: Bool = false, pytorch: Double) {
    (self.name, self.low, self.high, self.scale) = (name, low, high, scale)
    (isSlope, self.pytorch) = (slope, pytorch)
  }

  var title: String { name + (isSlope ? "′" : "") }
  var domain: String { "\(Self.text(low)) … \(Self.text(high))" }
  var unit: String { scale == 0 ? "result" : Self.text(scale) }

  private static func text(_ value: Float) -> String {
    if value.isInfinite { return value < 0 ? "−∞" : "∞" }
    if abs(value) == .greatestFiniteMagnitude { return value < 0 ? "−3.4e38" : "3.4e38" }
    let rounded = value == value.rounded() && abs(value) < 1000 ? String(Int(value)) : "\(value)"
    return rounded.hasPrefix("-") ? "−" + rounded.dropFirst() : rounded
  }

  /// All rows; those of one primitive stand together.
  static let all: [AccuracyRow] = [
    AccuracyRow("Exp", -.infinity, -87.3, pytorch: 0.5),
    AccuracyRow("Exp", -87.3, .infinity, pytorch: 0.56),
    AccuracyRow("Exp", -.infinity, -87.3, slope: true, pytorch: 0.5),
    AccuracyRow("Exp", -87.3, 87.9, slope: true, pytorch: 0.56),
    AccuracyRow("Log", 0, .infinity, pytorch: 0.83),
    AccuracyRow("Log", 1e-18, 1e18, slope: true, pytorch: 0.5),
    AccuracyRow("Sqrt", 0, .infinity, pytorch: 0.75),
    AccuracyRow("Sqrt", 1e-37, .greatestFiniteMagnitude, slope: true, pytorch: 1.95),
    AccuracyRow("Softplus", -.infinity, -87.3, pytorch: 1.5),
    AccuracyRow("Softplus", -87.3, .infinity, pytorch: 1.41),
    AccuracyRow("Softplus", -87.3, .infinity, slope: true, pytorch: 2.13),
    AccuracyRow("Sig", -.infinity, -88.7, pytorch: 2.1e6),
    AccuracyRow("Sig", -88.7, 0, pytorch: 2.15),
    AccuracyRow("Sig", 0, .infinity, pytorch: 1.49),
    AccuracyRow("Sig", -.infinity, .infinity, scale: 0.25, slope: true, pytorch: 2.96),
    AccuracyRow("Tanh", -.infinity, .infinity, pytorch: 0.52),
    AccuracyRow("Tanh", -.infinity, .infinity, scale: 1, slope: true, pytorch: 0.59),
    AccuracyRow("Serf", -.infinity, -1, scale: 0.5, pytorch: 0.59),
    AccuracyRow("Serf", -1, 0, pytorch: 1.17),
    AccuracyRow("Serf", 0, .infinity, pytorch: 1.06),
    AccuracyRow("Serf", -4, 4, slope: true, pytorch: 6.33),
    AccuracyRow("Serf", -.infinity, .infinity, slope: true, pytorch: 270),
    AccuracyRow("Salf", -3e19, -1, scale: 0.5, pytorch: 1.12),
    AccuracyRow("Salf", -1, 0, pytorch: 1.33),
    AccuracyRow("Salf", 0, 3e19, pytorch: 1.54),
    AccuracyRow("Salf", -4, 4, slope: true, pytorch: 14.8),
    AccuracyRow("Salf", -3e19, 3e19, slope: true, pytorch: 4.9e24),
    AccuracyRow("Sgdf", -.infinity, -1, scale: 0.5, pytorch: 1.06),
    AccuracyRow("Sgdf", -1, 0, pytorch: 1.46),
    AccuracyRow("Sgdf", 0, .infinity, pytorch: 1.56),
    AccuracyRow("Sgdf", -4, 4, slope: true, pytorch: 8.8),
    AccuracyRow("Sgdf", -.infinity, .infinity, scale: 0.25, slope: true, pytorch: 1.6),
    AccuracyRow("Sin", -.greatestFiniteMagnitude, .greatestFiniteMagnitude, pytorch: 0.61),
    AccuracyRow("Sin", -.greatestFiniteMagnitude, .greatestFiniteMagnitude, slope: true, pytorch: 0.61),
    AccuracyRow("Cos", -.greatestFiniteMagnitude, .greatestFiniteMagnitude, pytorch: 0.61),
    AccuracyRow("Cos", -.greatestFiniteMagnitude, .greatestFiniteMagnitude, slope: true, pytorch: 0.61),
  ]

  /// Softmax over rows of so many classes, with PyTorch's error.
  static let softmax: [(classes: Int, pytorch: Double)] = [(2, 5.2), (21, 10.5), (81, 11.9), (300, 11.6)]
}
