/// Some of the rules, as bits.
struct CanonicalRules: Hashable, Sendable {
  private(set) var bits: UInt64 = 0

  mutating func insert(_ rule: CanonicalRule) { bits |= 1 << rule.bit }

  mutating func formUnion(_ other: CanonicalRules) { bits |= other.bits }

  func contains(_ rule: CanonicalRule) -> Bool { bits & 1 << rule.bit != 0 }
}

extension CanonicalRule {
  fileprivate var bit: UInt64 {
    switch self {
    case .constantFolding: 0
    case .doubleNegation: 1
    case .subtractionAsSum: 2
    case .negationOverSum: 3
    case .signOutOfProduct: 4
    case .signOfDivisor: 5
    case .sumAssociativity: 6
    case .sumCommutativity: 7
    case .likeTerms: 8
    case .cancellation: 9
    case .neutralZero: 10
    case .absorbingZero: 11
    case .productAssociativity: 12
    case .productCommutativity: 13
    case .neutralOne: 14
    case .constantDivisor: 15
    case .quotientInProduct: 16
    case .quotientOfEquals: 17
    case .squareOfRoot: 18
    case .rootOfSquare: 19
    case .expOfLog: 20
    case .logOfExp: 21
    case .evenFunction: 22
    case .oddFunction: 23
    case .absAndRelu: 24
    case .absOfNonNegative: 25
    case .reluOfNonNegative: 26
    case .reluOfNonPositive: 27
    case .dotOfProduct: 28
    case .factorOutOfDot: 29
    case .softmaxShift: 30
    case .softmaxRowShift: 31
    }
  }
}
