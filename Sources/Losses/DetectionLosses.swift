import Formulas

/// The losses a detector is trained with.
public struct DetectionLosses: Hashable, Sendable, Codable {
  public var classification: ClassificationLoss
  public var regression: BoxLoss

  public init(classification: ClassificationLoss, regression: BoxLoss) {
    self.classification = classification
    self.regression = regression
  }
}

/// A classification loss: a formula and how it is weighed.
public struct ClassificationLoss: Hashable, Sendable, Codable {
  public var formula: Formula
  /// MULTI_CLS or BINARY_CLS.
  public var mode: Mode
  /// Multiplies the reduced loss.
  public var weight: Float
  /// BINARY_CLS: weight of positives (negatives get 1 − alpha); below 0 for none. −1 in MULTI_CLS.
  public var alpha: Float

  public init(formula: Formula, mode: Mode, weight: Float = 1, alpha: Float = -1) {
    self.formula = formula
    self.mode = mode
    self.weight = weight
    self.alpha = alpha
  }
}

/// A box loss: on decoded boxes (a formula of U, I, E) or on encoded deltas.
public struct BoxLoss: Hashable, Sendable, Codable {
  /// What is compared.
  public enum Kind: Hashable, Sendable, Codable {
    case formula(Formula)
    case l1Deltas
    case smoothL1Deltas(beta: Float)
  }

  public var kind: Kind
  /// Multiplies the reduced loss.
  public var weight: Float

  public init(_ kind: Kind, weight: Float) {
    self.kind = kind
    self.weight = weight
  }

  /// The formula, or nil for losses on deltas.
  public var formula: Formula? {
    switch kind {
    case .formula(let formula): formula
    case .l1Deltas, .smoothL1Deltas: nil
    }
  }
}
