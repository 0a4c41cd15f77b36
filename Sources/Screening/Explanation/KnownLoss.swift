import Formulas
import Losses

/// A loss with a name in the field, written as a formula, to compare others with.
public struct KnownLoss: Hashable, Sendable {
  public let name: String
  public let mode: Mode
  public let formula: Formula

  /// The losses of a mode: the built-in ones, then classical variants. The first is the mode's reference: cross entropy, or
  /// the linear IoU loss.
  public static func all(of mode: Mode) -> [KnownLoss] {
    switch mode {
    case .multiClass: multiClass
    case .binaryClass: binaryClass
    case .regression: regression
    }
  }

  /// Cross entropy, or the linear IoU loss.
  public static func reference(of mode: Mode) -> KnownLoss? { all(of: mode).first }

  private static let multiClass = losses(.multiClass, first: .crossEntropy, classicalMultiClass)
  private static let binaryClass = losses(.binaryClass, first: .crossEntropy, classicalBinaryClass)
  private static let regression = losses(.regression, first: .linearIoU, classicalRegression)

  private static func losses(_ mode: Mode, first: BuiltInLoss, _ classical: [(String, String)]) -> [KnownLoss] {
    let builtIn = [first] + BuiltInLoss.allCases.filter { $0 != first }
    let named = builtIn.compactMap { loss in
      loss.formula(in: mode).map { KnownLoss(name: loss.rawValue, mode: mode, formula: $0) }
    }
    return named
      + classical.compactMap { name, text in
        (try? Formula(parsing: text, mode: mode)).map { KnownLoss(name: name, mode: mode, formula: $0) }
      }
  }

  // Sources: focal: Lin et al. 2017; poly-1: Leng et al. 2022; Brier 1950; mean absolute error: Ghosh et al. 2017;
  // generalised cross entropy: Zhang and Sabuncu 2018; Taylor cross entropy: Feng et al. 2020; varifocal: Zhang et al. 2021.
  private static let classicalMultiClass = [
    ("focal, gamma 1/2", "Neg(Dot(Mul(Y,Sqrt(Sub(1,Softmax(X)))),Log(Softmax(X))))"),
    ("focal, gamma 1", "Neg(Dot(Mul(Y,Sub(1,Softmax(X))),Log(Softmax(X))))"),
    ("poly-1", "Dot(Y,Sub(Sub(1,Softmax(X)),Log(Softmax(X))))"),
    ("Brier", "Dot(Sub(Softmax(X),Y),Sub(Softmax(X),Y))"),
    ("mean absolute error", "Dot(Abs(Sub(Softmax(X),Y)),1)"),
    ("generalised cross entropy, q 0.7", "Dot(Y,Div(Sub(1,Exp(Mul(0.7,Log(Softmax(X))))),0.7))"),
    (
      "Taylor cross entropy, 2 terms",
      "Dot(Y,Add(Sub(1,Softmax(X)),Div(Mul(Sub(1,Softmax(X)),Sub(1,Softmax(X))),2)))"
    ),
    ("one against all", "Add(Dot(Y,Softplus(Neg(X))),Dot(Sub(1,Y),Softplus(X)))"),
    ("cross entropy weighted by IoU", "Neg(Dot(Mul(Y,Z),Log(Softmax(X))))"),
  ]

  private static let classicalBinaryClass = [
    ("cross entropy to the IoU", "Sub(Softplus(X),Mul(Q,X))"),
    (
      "focal, gamma 1",
      "Add(Mul(PY,Mul(Sig(Neg(X)),Softplus(Neg(X)))),Mul(NY,Mul(Sig(X),Softplus(X))))"
    ),
    (
      "varifocal, alpha 0.75, gamma 2",
      "Add(Mul(Q,Sub(Softplus(X),Mul(Q,X))),Mul(Mul(0.75,NY),Mul(Mul(Sig(X),Sig(X)),Softplus(X))))"
    ),
    ("squared error of the probability", "Mul(Sub(Sig(X),PY),Sub(Sig(X),PY))"),
    ("absolute error of the probability", "Abs(Sub(Sig(X),PY))"),
    ("poly-1", "Add(Sub(Softplus(X),Mul(PY,X)),Abs(Sub(PY,Sig(X))))"),
  ]

  // IoU: Yu et al. 2016; alpha-IoU: He et al. 2021; Dice: Milletari et al. 2016.
  private static let classicalRegression = [
    ("squared IoU", "Sub(1,Mul(Div(I,U),Div(I,U)))"),
    ("square root of IoU", "Sub(1,Sqrt(Div(I,U)))"),
    ("alpha-IoU, alpha 3", "Sub(1,Mul(Div(I,U),Mul(Div(I,U),Div(I,U))))"),
    ("exponential IoU", "Exp(Sub(1,Div(I,U)))"),
    ("squared distance of IoU", "Mul(Sub(1,Div(I,U)),Sub(1,Div(I,U)))"),
    ("square root of 1 - IoU", "Sqrt(Sub(1,Div(I,U)))"),
    ("Dice", "Sub(1,Div(Mul(2,I),Add(U,I)))"),
  ]
}
