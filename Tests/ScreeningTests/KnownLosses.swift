import Formulas
import Testing

/// A formula with its name in the field.
struct NamedLoss: Sendable, CustomTestStringConvertible {
  let name: String
  let mode: Mode
  let text: String
  /// For bad ones: the code of the rejection.
  var code = ""

  init(_ name: String, _ mode: Mode, _ text: String, _ code: String = "") {
    (self.name, self.mode, self.text, self.code) = (name, mode, text, code)
  }

  var testDescription: String { "\(name): \(text)" }

  func formula() throws -> Formula { try Formula(grammar: text) }
}

private let p = "Softmax(X)"
private let s = "Sig(X)"
private let iou = "Div(I,U)"

/// Published and classical losses: all of them must pass.
let knownGood: [NamedLoss] = [
  // MULTI_CLS
  NamedLoss("CSE-Autoloss-A classification", .multiClass, "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))"),
  NamedLoss("cross entropy", .multiClass, "Neg(Dot(Y,Log(\(p))))"),
  NamedLoss("focal, gamma 1/2", .multiClass, "Neg(Dot(Mul(Y,Sqrt(Sub(1,\(p)))),Log(\(p))))"),
  NamedLoss("focal, gamma 1", .multiClass, "Neg(Dot(Mul(Y,Sub(1,\(p))),Log(\(p))))"),
  NamedLoss("focal, gamma 2", .multiClass, "Neg(Dot(Mul(Y,Mul(Sub(1,\(p)),Sub(1,\(p)))),Log(\(p))))"),
  NamedLoss("poly-1", .multiClass, "Dot(Y,Sub(Sub(1,\(p)),Log(\(p))))"),
  NamedLoss("Brier", .multiClass, "Dot(Sub(\(p),Y),Sub(\(p),Y))"),
  NamedLoss("mean absolute error", .multiClass, "Dot(Abs(Sub(\(p),Y)),1)"),
  NamedLoss("generalised cross entropy, q 0.7", .multiClass, "Dot(Y,Div(Sub(1,Exp(Mul(0.7,Log(\(p))))),0.7))"),
  NamedLoss(
    "Taylor cross entropy, 2 terms", .multiClass, "Dot(Y,Add(Sub(1,\(p)),Div(Mul(Sub(1,\(p)),Sub(1,\(p))),2)))"),
  NamedLoss(
    "one against all", .multiClass, "Neg(Add(Dot(Y,Log(\(s))),Dot(Sub(1,Y),Log(Sub(1,\(s))))))"),
  // BINARY_CLS
  NamedLoss(
    "CSE-Autoloss-B classification", .binaryClass,
    "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
      + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))"),
  NamedLoss("binary cross entropy", .binaryClass, "Neg(Add(Mul(PY,Log(\(s))),Mul(NY,Log(Sub(1,\(s))))))"),
  NamedLoss("binary cross entropy by softplus", .binaryClass, "Sub(Softplus(X),Mul(PY,X))"),
  NamedLoss("binary cross entropy to the IoU", .binaryClass, "Sub(Softplus(X),Mul(Q,X))"),
  NamedLoss(
    "focal, alpha 0.25, gamma 2", .binaryClass,
    "Neg(Add(Mul(Mul(0.25,PY),Mul(Mul(Sub(1,\(s)),Sub(1,\(s))),Log(\(s)))),"
      + "Mul(Mul(0.75,NY),Mul(Mul(\(s),\(s)),Log(Sub(1,\(s)))))))"),
  NamedLoss(
    "quality focal, beta 2", .binaryClass,
    "Mul(Mul(Sub(Q,\(s)),Sub(Q,\(s))),Neg(Add(Mul(Q,Log(\(s))),Mul(Sub(1,Q),Log(Sub(1,\(s)))))))"),
  NamedLoss(
    "varifocal, alpha 0.75, gamma 2", .binaryClass,
    "Neg(Add(Mul(Q,Add(Mul(Q,Log(\(s))),Mul(Sub(1,Q),Log(Sub(1,\(s)))))),"
      + "Mul(Mul(0.75,NY),Mul(Mul(\(s),\(s)),Log(Sub(1,\(s)))))))"),
  NamedLoss("squared error of the probability", .binaryClass, "Mul(Sub(\(s),PY),Sub(\(s),PY))"),
  NamedLoss("absolute error of the probability", .binaryClass, "Abs(Sub(\(s),PY))"),
  NamedLoss(
    "poly-1, binary", .binaryClass,
    "Add(Neg(Add(Mul(PY,Log(\(s))),Mul(NY,Log(Sub(1,\(s)))))),Abs(Sub(PY,\(s))))"),
  // REG
  NamedLoss(
    "CSE-Autoloss-A regression", .regression, "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))"),
  NamedLoss(
    "CSE-Autoloss-B regression", .regression,
    "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
      + "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))"),
  NamedLoss("IoU, linear", .regression, "Sub(1,\(iou))"),
  NamedLoss("IoU, log", .regression, "Neg(Log(\(iou)))"),
  NamedLoss("IoU, squared", .regression, "Sub(1,Mul(\(iou),\(iou)))"),
  NamedLoss("IoU, square root", .regression, "Sub(1,Sqrt(\(iou)))"),
  NamedLoss("square root of one minus IoU", .regression, "Sqrt(Sub(1,\(iou)))"),
  NamedLoss("IoU, exponential", .regression, "Exp(Sub(1,\(iou)))"),
  NamedLoss("GIoU", .regression, "Add(Sub(1,\(iou)),Div(Sub(E,U),E))"),
  NamedLoss("Dice", .regression, "Sub(1,Div(Mul(2,I),Add(U,I)))"),
  NamedLoss("alpha-IoU, alpha 3", .regression, "Sub(1,Mul(\(iou),Mul(\(iou),\(iou))))"),
  NamedLoss("squared distance of the IoU", .regression, "Mul(Sub(1,\(iou)),Sub(1,\(iou)))"),
  NamedLoss("log-cosine of the IoU", .regression, "Log(Add(1,Cos(\(iou))))"),
]

/// Formulas with all convergence properties whose gradient sits in the wrong samples: only descent shows it.
let stuckInDescent: [NamedLoss] = [
  NamedLoss("ninth power of the probability", .multiClass, "Neg(Dot(Y,Exp(Mul(9,Log(\(p))))))"),
  NamedLoss("double exponential", .multiClass, "Neg(Dot(Y,Exp(Exp(Mul(4,\(p))))))"),
  NamedLoss("positives count ten thousand times less", .binaryClass, "Mul(Sub(NY,Mul(PY,0.0001)),\(s))"),
  NamedLoss(
    "ninth powers, binary", .binaryClass,
    "Neg(Add(Mul(PY,Exp(Mul(9,Log(\(s))))),Mul(NY,Exp(Mul(9,Log(Sub(1,\(s))))))))"),
  NamedLoss("ninth power of the IoU", .regression, "Neg(Exp(Mul(9,Log(\(iou)))))"),
  NamedLoss("exponential of the IoU", .regression, "Neg(Exp(Mul(12,\(iou))))"),
  NamedLoss("step near the target", .regression, "Neg(Sig(Mul(30,Sub(\(iou),0.95))))"),
]

/// Formulas that no detector should be trained with, each for one stated reason.
let knownBad: [NamedLoss] = [
  // MULTI_CLS
  NamedLoss("wrong sign", .multiClass, "Dot(Y,Log(\(p)))", "notMonotone"),
  NamedLoss("one over the loss", .multiClass, "Div(1,Neg(Dot(Y,Log(\(p)))))", "notMonotone"),
  NamedLoss("bare literal", .multiClass, "2", "independentOfPrediction"),
  NamedLoss("computed constant", .multiClass, "Sin(Neg(1))", "independentOfPrediction"),
  NamedLoss("labels only", .multiClass, "Dot(Y,Z)", "independentOfPrediction"),
  NamedLoss("a difference that is zero", .multiClass, "Dot(Y,Sub(X,X))", "independentOfPrediction"),
  NamedLoss("sum of probabilities", .multiClass, "Dot(Softmax(Mul(X,0)),Y)", "independentOfPrediction"),
  NamedLoss("per element", .multiClass, "Neg(Mul(Y,Log(\(p))))", "notPerSample"),
  NamedLoss("logits themselves", .multiClass, "X", "notPerSample"),
  NamedLoss("sum over the batch", .multiClass, "Dot(Dot(Y,X),1)", "batchCoupled"),
  NamedLoss("divided by the batch's sum", .multiClass, "Div(Dot(Y,X),Dot(Dot(Y,X),Dot(Y,X)))", "batchCoupled"),
  NamedLoss("minus the true logit", .multiClass, "Neg(Dot(Y,X))", "notMonotone"),
  NamedLoss("true logit alone", .multiClass, "Neg(Dot(Y,Log(\(s))))", "notMonotone"),
  NamedLoss("true logit alone, exponential", .multiClass, "Dot(Y,Exp(Neg(X)))", "notMonotone"),
  NamedLoss("wrong logits alone", .multiClass, "Dot(Sub(1,Y),Softplus(X))", "notMonotone"),
  NamedLoss("nan where the truth is unlikely", .multiClass, "Neg(Dot(Y,Log(Sub(\(p),0.0001))))", "nonFinite"),
  NamedLoss("root of a negative", .multiClass, "Dot(Y,Sqrt(Neg(\(p))))", "nonFinite"),
  NamedLoss("margin, flat above one half", .multiClass, "Dot(Y,Relu(Sub(0.5,\(p))))", "notMonotone"),
  NamedLoss(
    "margin, flat in the middle", .multiClass, "Dot(Y,Sub(Relu(Sub(0.2,\(p))),Relu(Sub(\(p),0.8))))", "notMonotone"),
  NamedLoss("minimum at 0.7", .multiClass, "Dot(Y,Abs(Sub(\(p),0.7)))", "notMonotone"),
  NamedLoss("minimum at one half", .multiClass, "Dot(Y,Mul(Sub(\(p),0.5),Sub(\(p),0.5)))", "notMonotone"),
  NamedLoss("entropy", .multiClass, "Neg(Dot(\(p),Log(\(p))))", "notMonotone"),
  NamedLoss("distance of logits to the label", .multiClass, "Dot(Sub(X,Y),Sub(X,Y))", "notMonotone"),
  NamedLoss("sine of the loss", .multiClass, "Sin(Neg(Dot(Y,Log(\(p)))))", "notMonotone"),
  NamedLoss("without the label", .multiClass, "Neg(Dot(Z,Log(\(p))))", "notMonotone"),
  NamedLoss("softmin", .multiClass, "Neg(Dot(Y,Log(Softmax(Neg(X)))))", "notMonotone"),
  NamedLoss("clamped exponential", .multiClass, "Dot(Y,Exp(Neg(Mul(9,Log(\(p))))))", "notMonotone"),
  NamedLoss(
    "overflow in Float", .multiClass, "Dot(Y,Mul(Exp(Neg(Mul(6,Log(\(p))))),Exp(Neg(Mul(6,Log(\(p)))))))", "nonFinite"),
  // BINARY_CLS
  NamedLoss("wrong sign, binary", .binaryClass, "Add(Mul(PY,Log(\(s))),Mul(NY,Log(Sub(1,\(s)))))", "notMonotone"),
  NamedLoss("positives only", .binaryClass, "Neg(Mul(PY,Log(\(s))))", "notMonotone"),
  NamedLoss("negatives only", .binaryClass, "Neg(Mul(NY,Log(Sub(1,\(s)))))", "notMonotone"),
  NamedLoss("labels exchanged", .binaryClass, "Sub(Softplus(X),Mul(NY,X))", "notMonotone"),
  NamedLoss("square of the logit", .binaryClass, "Mul(X,X)", "notMonotone"),
  NamedLoss("distance of the logit to the label", .binaryClass, "Abs(Sub(X,PY))", "notMonotone"),
  NamedLoss("root of the logit", .binaryClass, "Sqrt(X)", "nonFinite"),
  NamedLoss("label only, binary", .binaryClass, "Mul(PY,Q)", "independentOfPrediction"),
  NamedLoss("result of lower rank", .binaryClass, "Add(1,2)", "independentOfPrediction"),
  NamedLoss("margin with a flat middle, binary", .binaryClass, "Relu(Sub(0.1,Mul(Sub(PY,NY),\(s))))", "notMonotone"),
  NamedLoss(
    "minimum falls as the IoU grows", .binaryClass,
    "Mul(Sub(\(s),Mul(PY,Abs(Sub(Mul(2,Q),1)))),Sub(\(s),Mul(PY,Abs(Sub(Mul(2,Q),1)))))", "minimumOffTarget"),
  // REG
  NamedLoss("wrong sign, boxes", .regression, iou, "minimumOffTarget"),
  NamedLoss("constant, boxes", .regression, "Div(E,E)", "independentOfPrediction"),
  NamedLoss("exactly constant, boxes", .regression, "Sub(E,E)", "independentOfPrediction"),
  NamedLoss("literal, boxes", .regression, "Neg(3)", "independentOfPrediction"),
  NamedLoss("enclosing area only", .regression, "Sqrt(E)", "notMonotone"),
  NamedLoss("enclosing area only, in square pixels", .regression, "E", "notMonotone"),
  NamedLoss("intersection only", .regression, "Neg(Sqrt(Add(1,I)))", "notMonotone"),
  NamedLoss("union only", .regression, "Log(U)", "notMonotone"),
  NamedLoss("difference of enclosing area and union", .regression, "Sqrt(Abs(Sub(E,U)))", "nonFinite"),
  NamedLoss("share of the union in the enclosing area", .regression, "Neg(Div(U,E))", "notMonotone"),
  NamedLoss("flat above IoU one half", .regression, "Relu(Sub(0.5,\(iou)))", "notMonotone"),
  NamedLoss("minimum at IoU 0.8", .regression, "Abs(Sub(\(iou),0.8))", "minimumOffTarget"),
  NamedLoss("nan at small overlap", .regression, "Neg(Sqrt(Sub(\(iou),0.02)))", "nonFinite"),
  NamedLoss("log of a negative", .regression, "Log(Sub(I,U))", "nonFinite"),
  NamedLoss("log of the enclosing area over IoU", .regression, "Div(Log(E),\(iou))", "tooLarge"),
  NamedLoss("one over the overlap, disjoint boxes", .regression, "Div(U,I)", "tooLarge"),
  NamedLoss("square pixels", .regression, "Sub(U,I)", "tooLarge"),
  NamedLoss("wave of the IoU", .regression, "Sin(Mul(9,\(iou)))", "minimumOffTarget"),
  NamedLoss("small boxes count for nothing", .regression, "Mul(Sub(1,\(iou)),Relu(Sub(U,900)))", "tooLarge"),
]
