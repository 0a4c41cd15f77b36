/// Which update rule is used and its numbers; the rules are PyTorch's.
public struct OptimizerSettings: Codable, Hashable, Sendable {
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    case sgd
    case adam
    case adamW = "adamw"
  }

  public var kind: Kind
  /// SGD: the share of the velocity that stays, 0 for none.
  public var momentum: Double
  /// SGD: look ahead by one momentum step.
  public var nesterov: Bool
  /// L2 term added to the gradient (SGD, Adam) or taken off the weights (AdamW).
  public var weightDecay: Double
  /// Whether biases and norm parameters decay, too.
  public var decaysNormsAndBiases: Bool
  /// Adam: decay of the first and second moment, and the number that keeps the division finite.
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// The gradient's Euclidean norm is scaled down to this; 0 switches clipping off.
  public var clipNorm: Double

  public init(
    kind: Kind = .sgd, momentum: Double = 0.9, nesterov: Bool = false, weightDecay: Double = 1e-4,
    decaysNormsAndBiases: Bool = false, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    clipNorm: Double = 0
  ) {
    self.kind = kind
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    self.decaysNormsAndBiases = decaysNormsAndBiases
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.clipNorm = clipNorm
  }
}
