/// The rewriting rules of the canonical form; each keeps value, gradient and shape up to rounding.
///
/// eps stands for the 1e-20 that Div and Log add. The conditions are decided from the ranges of the variables, that
/// is for every input that the wrappers produce from valid boxes and labels: "away from 0" means beyond ±1e-7, where
/// eps changes nothing that rounding does not; "tame" means finite, in a formula without Sqrt of what can be 0 (whose
/// infinite slope makes 0 · ∞ = nan of a gradient that is 0 by algebra). Rules that would drop a value or a slope that can be infinite or nan, or change the shape, are not applied.
public enum CanonicalRule: String, CaseIterable, Hashable, Sendable, Codable {
  case constantFolding
  case doubleNegation
  case subtractionAsSum
  case negationOverSum
  case signOutOfProduct
  case signOfDivisor
  case sumAssociativity
  case sumCommutativity
  case likeTerms
  case cancellation
  case neutralZero
  case absorbingZero
  case productAssociativity
  case productCommutativity
  case neutralOne
  case constantDivisor
  case quotientInProduct
  case quotientOfEquals
  case squareOfRoot
  case rootOfSquare
  case expOfLog
  case logOfExp
  case evenFunction
  case oddFunction
  case absAndRelu
  case absOfNonNegative
  case reluOfNonNegative
  case reluOfNonPositive
  case dotOfProduct
  case factorOutOfDot
  case softmaxShift
  case softmaxRowShift

  /// The rule as an equation; a, b and c stand for any formulas, k for a number.
  public var algebra: String {
    switch self {
    case .constantFolding: "f(k) = k′, f(k, k′) = k″"
    case .doubleNegation: "−(−a) = a"
    case .subtractionAsSum: "a − b = a + (−b)"
    case .negationOverSum: "−(a + b) = (−a) + (−b)"
    case .signOutOfProduct: "(−a) · b = −(a · b), (−a) / b = −(a / b)"
    case .signOfDivisor: "a / (−b) = −(a / b)"
    case .sumAssociativity: "a + (b + c) = (a + b) + c"
    case .sumCommutativity: "a + b = b + a"
    case .likeTerms: "k · a + k′ · a = (k + k′) · a"
    case .cancellation: "(a + b) − a = b"
    case .neutralZero: "a + 0 = a"
    case .absorbingZero: "a · 0 = 0, 0 / b = 0, sin(0 · a) = 0 · a, tanh(0 · a) = 0 · a"
    case .productAssociativity: "a · (b · c) = (a · b) · c"
    case .productCommutativity: "a · b = b · a"
    case .neutralOne: "a · 1 = a"
    case .constantDivisor: "a / k = (1 / k) · a"
    case .quotientInProduct: "a · (b / c) = (a · b) / c, (a / b) / c = (a / c) / b"
    case .quotientOfEquals: "(a · b) / a = b"
    case .squareOfRoot: "sqrt(a) · sqrt(a) = a"
    case .rootOfSquare: "sqrt(a · a) = |a|"
    case .expOfLog: "exp(log(a)) = a"
    case .logOfExp: "log(exp(a)) = a"
    case .evenFunction: "|−a| = |a|, cos(−a) = cos(a)"
    case .oddFunction: "sin(−a) = −sin(a), tanh(−a) = −tanh(a)"
    case .absAndRelu: "||a|| = |a|, |relu(a)| = relu(a), relu(|a|) = |a|, relu(relu(a)) = relu(a)"
    case .absOfNonNegative: "|a| = a"
    case .reluOfNonNegative: "relu(a) = a"
    case .reluOfNonPositive: "relu(a) = 0"
    case .dotOfProduct: "dot(a, b) = dot(1, a · b)"
    case .factorOutOfDot: "dot(1, k · a) = k · dot(1, a)"
    case .softmaxShift: "softmax(k + a) = softmax(a)"
    case .softmaxRowShift: "softmax(f(Z) + a) = softmax(a)"
    }
  }

  /// When the rule is applied; nil for always (as far as the shape stays).
  public var condition: String? {
    switch self {
    case .absAndRelu: "the third: the formula has no Sqrt of what can be 0"
    case .doubleNegation, .subtractionAsSum, .negationOverSum, .signOutOfProduct, .sumAssociativity,
      .sumCommutativity, .likeTerms, .neutralZero, .productAssociativity, .productCommutativity, .neutralOne,
      .quotientInProduct, .evenFunction, .oddFunction, .dotOfProduct, .factorOutOfDot:
      nil
    case .constantFolding: "the result is finite"
    case .signOfDivisor: "b is away from 0"
    case .cancellation: "a is tame"
    case .absorbingZero: "the first two: a and b are tame, b is never below 0 or is away from 0"
    case .constantDivisor: "|k| is at least 0.001"
    case .softmaxShift: "|k| is at most 1,000,000"
    case .quotientOfEquals: "a is tame and away from 0"
    case .squareOfRoot: "a is above 1e-7"
    case .rootOfSquare: "|a| is between 1e-7 and 1e18"
    case .expOfLog: "a is between 1e-7 and 1e38: eps and the clamp of Exp do not show"
    case .logOfExp: "a is between -16 and 87: eps and the clamp of Exp do not show"
    case .absOfNonNegative, .reluOfNonNegative: "a is above 0, or at least 0 where it has no gradient"
    case .reluOfNonPositive: "a is tame and never above 0"
    case .softmaxRowShift: "f(Z) is finite; Z is one number in each row"
    }
  }

  /// Equation and condition in one line.
  public var statement: String { condition.map { "\(algebra) where \($0)" } ?? algebra }
}
