/// The rewriting rules of the canonical form; each keeps value, gradient and shape up to rounding.
///
/// eps stands for the 1e-20 that Div and Log add. "Away from 0" means beyond ±1e-7 for every input that the wrappers
/// produce from valid boxes and labels, where eps changes nothing that rounding does not. Rules that would drop a
/// value that can be infinite or nan, or change the shape, are not applied.
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
  case productAssociativity
  case productCommutativity
  case neutralOne
  case constantDivisor
  case quotientInProduct
  case quotientOfEquals
  case evenFunction
  case oddFunction
  case absOfNonNegative
  case reluOfNonNegative
  case dotOfProduct
  case factorOutOfDot
  case softmaxShift

  /// The rule in formulas.
  public var statement: String {
    switch self {
    case .constantFolding: "f(number, …) is a number"
    case .doubleNegation: "Neg(Neg(a)) = a"
    case .subtractionAsSum: "Sub(a,b) = Add(a,Neg(b))"
    case .negationOverSum: "Neg(Add(a,b)) = Add(Neg(a),Neg(b))"
    case .signOutOfProduct: "Mul(Neg(a),b) = Neg(Mul(a,b)), Div(Neg(a),b) = Neg(Div(a,b))"
    case .signOfDivisor: "Div(a,Neg(b)) = Neg(Div(a,b)) for b away from 0"
    case .sumAssociativity: "Add(a,Add(b,c)) = Add(Add(a,b),c)"
    case .sumCommutativity: "Add(a,b) = Add(b,a): terms are sorted"
    case .likeTerms: "Add(a,a) = Mul(2,a)"
    case .cancellation: "Add(Add(a,b),Neg(a)) = b for finite a"
    case .neutralZero: "Add(0,a) = a"
    case .productAssociativity: "Mul(a,Mul(b,c)) = Mul(Mul(a,b),c)"
    case .productCommutativity: "Mul(a,b) = Mul(b,a): factors are sorted"
    case .neutralOne: "Mul(1,a) = a"
    case .constantDivisor: "Div(a,number) = Mul(1/number,a) for a number away from 0"
    case .quotientInProduct: "Mul(a,Div(b,c)) = Div(Mul(a,b),c), Div(Div(a,b),c) = Div(Div(a,c),b)"
    case .quotientOfEquals: "Div(Mul(a,b),a) = b for finite a away from 0"
    case .evenFunction: "Abs(Neg(a)) = Abs(a), Cos(Neg(a)) = Cos(a)"
    case .oddFunction: "Sin(Neg(a)) = Neg(Sin(a)), Tanh(Neg(a)) = Neg(Tanh(a))"
    case .absOfNonNegative: "Abs(a) = a for a above 0 (at least 0 where a has no gradient)"
    case .reluOfNonNegative: "Relu(a) = a for a above 0 (at least 0 where a has no gradient)"
    case .dotOfProduct: "Dot(a,b) = Dot(1,Mul(a,b))"
    case .factorOutOfDot: "Dot(1,Mul(number,a)) = Mul(number,Dot(1,a))"
    case .softmaxShift: "Softmax(Add(number,a)) = Softmax(a)"
    }
  }
}
