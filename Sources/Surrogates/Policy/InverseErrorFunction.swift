import Foundation

/// The inverse of the error function and the rational approximations it is made of.
///
/// Source: M. J. Wichura, Algorithm AS 241: The percentage points of the normal distribution, Applied Statistics 37
/// (1988), PPND16, which gives about sixteen digits.
enum InverseErrorFunction {
  /// The x with erf(x) = value; ±infinity at ±1, nan outside -1 ... 1.
  static func value(_ value: Double) -> Double {
    // The quantile of the normal distribution at p = (1 + value) / 2 is √2 times what is asked for.
    let fromCentre = value / 2
    if abs(fromCentre) <= 0.425 {
      let r = 0.180625 - fromCentre * fromCentre
      return fromCentre * ratio(centralNumerator, centralDenominator, r) * 0.5.squareRoot()
    }
    guard abs(value) < 1 else { return abs(value) == 1 ? value * .infinity : .nan }
    let r = (-log((1 - abs(value)) / 2)).squareRoot()
    let quantile =
      r <= 5
      ? ratio(middleNumerator, middleDenominator, r - 1.6) : ratio(farNumerator, farDenominator, r - 5)
    return (value < 0 ? -quantile : quantile) * 0.5.squareRoot()
  }

  /// The quotient of two polynomials, given from the constant term on.
  private static func ratio(_ numerator: [Double], _ denominator: [Double], _ x: Double) -> Double {
    polynomial(numerator, x) / polynomial(denominator, x)
  }

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reversed().reduce(0) { $0 * x + $1 }
  }

  private static let centralNumerator = [
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
    67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ]
  private static let centralDenominator = [
    1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
    39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
  ]
  private static let middleNumerator = [
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
    1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
  ]
  private static let middleDenominator = [
    1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
    0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
  ]
  private static let farNumerator = [
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
    0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ]
  private static let farDenominator = [
    1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
    1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
  ]
}
