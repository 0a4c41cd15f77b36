import Foundation

/// Binary cross entropy of a logit x with a target t in [0, 1]: −t log σ(x) − (1 − t) log(1 − σ(x)), the loss of
/// objectness, centerness and masks.
public enum BinaryCrossEntropy {
  /// max(x, 0) − t x + log(1 + exp(−|x|)), so that no exponential overflows.
  @inlinable public static func value(_ logit: Float, target: Float) -> Float {
    max(logit, 0) - target * logit + log1pf(expf(-abs(logit)))
  }

  /// By the logit: σ(x) − t.
  @inlinable public static func slope(_ logit: Float, target: Float) -> Float { 1 / (1 + expf(-logit)) - target }
}
