/// What can be wrong with a formula that passes as a loss: the codes of `warnings` in loss cards and of hazards in
/// explanations.
///
/// The raw values are stable: cards, reports and JSON use them.
public enum LossWarning: String, CaseIterable, Hashable, Sendable, Codable {
  /// REG: the gradient at the corners depends on the unit of the boxes.
  case scaleDependent
  /// Some part has no influence on the gradient, or is a number in disguise.
  case deadCode
  /// Log of a number below −1e-20: nan.
  case logOfNegative
  /// Log of 0, where only eps = 1e-20 keeps it finite: value −46.05, slope 1e20.
  case logOfZero
  /// Division by 0, where only eps = 1e-20 keeps it finite.
  case divisionByZero
  /// A divisor that depends on the prediction takes both signs, so that it may pass 0 in between.
  case divisorChangesSign
  /// Root of a negative number: nan.
  case rootOfNegative
  /// Root of 0: its slope is infinite.
  case rootSlopeInfinite
  /// Exp of 88 or more is clamped, which ends its gradient.
  case expClamped
  /// A value or gradient is not finite in Double for another reason.
  case nonFinite
  // In a narrower format, rounded after every operation.
  case fp32Overflow, fp32DeadGradient, fp32PrecisionLoss
  /// A quotient whose backward overflows in PyTorch, where ours is finite.
  case fp32AutogradOverflow
  case bf16Overflow, bf16DeadGradient, bf16PrecisionLoss
  /// eps = 1e-20 is 0 in fp16: Log and Div of 0 are infinite.
  case fp16EpsilonVanishes
  case fp16Overflow, fp16DeadGradient, fp16PrecisionLoss

  /// In a few words.
  public var sentence: String {
    switch self {
    case .scaleDependent: "the gradient depends on the unit of the boxes"
    case .deadCode: "a part has no influence on the gradient"
    case .logOfNegative: "logarithm of a negative number"
    case .logOfZero: "logarithm of 0"
    case .divisionByZero: "division by 0"
    case .divisorChangesSign: "the divisor takes both signs, so it may pass 0"
    case .rootOfNegative: "root of a negative number"
    case .rootSlopeInfinite: "root of 0, whose slope is infinite"
    case .expClamped: "Exp is clamped at 88 and has no gradient there"
    case .nonFinite: "not finite"
    case .fp32Overflow, .bf16Overflow, .fp16Overflow: "overflow"
    case .fp16EpsilonVanishes: "eps = 1e-20 is 0 in fp16"
    case .fp32DeadGradient, .bf16DeadGradient, .fp16DeadGradient: "the gradient dies by rounding"
    case .fp32AutogradOverflow: "the backward of the quotient overflows in plain PyTorch"
    case .fp32PrecisionLoss, .bf16PrecisionLoss, .fp16PrecisionLoss: "rounding changes the gradient by more than half"
    }
  }

  /// The format in which it shows; nil where it is a matter of the mathematics.
  public var format: FloatFormat? {
    switch self {
    case .fp32Overflow, .fp32DeadGradient, .fp32PrecisionLoss, .fp32AutogradOverflow: .fp32
    case .bf16Overflow, .bf16DeadGradient, .bf16PrecisionLoss: .bf16
    case .fp16Overflow, .fp16DeadGradient, .fp16PrecisionLoss, .fp16EpsilonVanishes: .fp16
    case .scaleDependent, .deadCode, .logOfNegative, .logOfZero, .divisionByZero, .divisorChangesSign, .rootOfNegative,
      .rootSlopeInfinite, .expClamped, .nonFinite:
      nil
    }
  }
}

extension FloatFormat {
  var overflow: LossWarning {
    switch self {
    case .fp32: .fp32Overflow
    case .bf16: .bf16Overflow
    case .fp16: .fp16Overflow
    }
  }

  var deadGradient: LossWarning {
    switch self {
    case .fp32: .fp32DeadGradient
    case .bf16: .bf16DeadGradient
    case .fp16: .fp16DeadGradient
    }
  }

  var precisionLoss: LossWarning {
    switch self {
    case .fp32: .fp32PrecisionLoss
    case .bf16: .bf16PrecisionLoss
    case .fp16: .fp16PrecisionLoss
    }
  }
}
