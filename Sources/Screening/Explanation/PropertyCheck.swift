import Formulas

/// One question of the verification with its answer over all probes.
public struct PropertyCheck: Hashable, Sendable {
  public let question: PropertyQuestion
  public let passed: Bool
  /// How many probes were asked; 0 where an earlier answer made the question meaningless.
  public let probes: Int
  /// How many of them failed.
  public let failures: Int
  /// By how much the property holds at the worst probe, in the unit of `PropertyQuestion.unit`; negative or 0 where it fails
  /// (not below 0 where it need not be strict), nan where a number was not finite, nil where nothing is measured. What is let
  /// pass as rounding counts as 0.
  public let margin: Double?
  public let worst: Probe?
  /// What a static question found.
  public let finding: String?
  /// Where the question is not asked, or what is let pass; nil where it is asked of every probe as it stands.
  public let limits: String?

  /// The question as it was asked.
  public var sentence: String { question.sentence + (limits.map { " (\($0))" } ?? "") }
}

/// What the verification asks: first what the graph alone shows, then finiteness, then the convergence properties.
public enum PropertyQuestion: Hashable, Sendable {
  case trainableShape
  case independentSamples
  case dependsOnPrediction
  case finite(Quantity, Precision)
  /// REG: |value| below the limit of the settings, in both precisions.
  case valueLimit
  case convergence(Property)

  /// Stable, for JSON.
  public var code: String {
    switch self {
    case .trainableShape: "trainableShape"
    case .independentSamples: "independentSamples"
    case .dependsOnPrediction: "dependsOnPrediction"
    case .finite(.value, .double): "finiteValue"
    case .finite(.gradient, .double): "finiteGradient"
    case .finite(.value, .float): "finiteFloatValue"
    case .finite(.gradient, .float): "finiteFloatGradient"
    case .valueLimit: "valueLimit"
    case .convergence(let property): property.rawValue
    }
  }

  public var sentence: String {
    switch self {
    case .trainableShape: "the result has the shape of a trainable loss"
    case .independentSamples: "no part mixes the samples of a batch"
    case .dependsOnPrediction: "the loss depends on the prediction"
    case .finite(let quantity, let precision):
      "the \(quantity.rawValue) is finite in \(precision == .double ? "Double" : "Float")"
    case .valueLimit: "the value stays below the limit"
    case .convergence(let property): property.sentence
    }
  }

  /// What the margin measures.
  public var unit: String {
    switch self {
    case .trainableShape, .independentSamples, .finite: ""
    case .dependsOnPrediction: "largest gradient"
    case .valueLimit: "room below the limit"
    case .convergence(let property): property.marginUnit
    }
  }
}

extension Property {
  /// What the margin of a check measures.
  var marginUnit: String {
    switch self {
    case .fallsInTrueLogit: "fall of the loss from probe to probe"
    case .risesInOtherLogits: "rise of the loss, or of its gradient"
    case .gradientAtTrueLogit: "negative gradient"
    case .fallsAtPositive, .risesAtNegative: "change of the loss, or its gradient"
    case .minimumFollowsQuality: "probes by which the minimum moves up"
    case .fallsTowardsTarget: "fall of the loss from probe to probe"
    case .slopeTowardsTarget: "negative slope over the way"
    case .neverRisesTowardsTarget: "fall of the loss from probe to probe"
    case .leastAtTarget: "loss above that at the target"
    }
  }

  /// The properties that are asked of a mode.
  static func asked(of mode: Mode) -> [Property] {
    switch mode {
    case .multiClass: [.fallsInTrueLogit, .risesInOtherLogits, .gradientAtTrueLogit]
    case .binaryClass: [.fallsAtPositive, .risesAtNegative, .minimumFollowsQuality]
    case .regression: [.fallsTowardsTarget, .slopeTowardsTarget, .neverRisesTowardsTarget, .leastAtTarget]
    }
  }
}
