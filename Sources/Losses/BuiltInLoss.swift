import Formulas

/// The losses that have a name, usable wherever a formula is.
public enum BuiltInLoss: String, CaseIterable, Hashable, Sendable, Codable {
  case cseAutolossA = "cse-autoloss-a"
  case cseAutolossB = "cse-autoloss-b"
  case crossEntropy = "cross-entropy"
  case focal = "focal"
  case qualityFocal = "quality-focal"
  case l1 = "l1"
  case smoothL1 = "smooth-l1"
  case iou = "iou"
  case linearIoU = "linear-iou"
  case giou = "giou"

  /// The formula in a mode, printed; nil where the loss has none (other mode, or a loss on deltas).
  ///
  /// BINARY_CLS spells 1 − Sig(X) as Sig(Neg(X)) and Log(Sig(X)) as Neg(Softplus(Neg(X))), the same functions without
  /// the cancellation that kills the gradient from about X = 17 in Float; the published B keeps its spelling.
  public func text(in mode: Mode) -> String? {
    switch (self, mode) {
    case (.cseAutolossA, .multiClass): "Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))"
    case (.cseAutolossA, .regression): "Add(1,Neg(Add(Div(I,U),Neg(Div(Add(E,Neg(Add(I,2))),E)))))"
    case (.cseAutolossB, .binaryClass):
      "Neg(Add(Mul(Q,Mul(Add(1,Serf(Sig(NY))),Log(Sig(X)))),Mul(Add(Sgdf(X),Neg(Q)),"
        + "Mul(Add(Add(1,Neg(Q)),Neg(Add(1,Neg(Sig(X))))),Log(Add(1,Neg(Sig(X))))))))"
    case (.cseAutolossB, .regression):
      "Neg(Div(Add(Div(Neg(Add(Neg(E),Add(1,I))),Neg(Add(3,Add(2,U)))),Add(Div(E,E),Div(Neg(E),Neg(1)))),"
        + "Neg(Add(Div(Neg(Add(U,Div(I,1))),Neg(3)),Neg(E)))))"
    case (.crossEntropy, .multiClass): "Neg(Dot(Y,Log(Softmax(X))))"
    case (.crossEntropy, .binaryClass): "Sub(Softplus(X),Mul(PY,X))"
    case (.focal, .multiClass): "Neg(Dot(Mul(Y,Mul(Sub(1,Softmax(X)),Sub(1,Softmax(X)))),Log(Softmax(X))))"
    case (.focal, .binaryClass):
      "Add(Mul(PY,Mul(Mul(Sig(Neg(X)),Sig(Neg(X))),Softplus(Neg(X)))),Mul(NY,Mul(Mul(Sig(X),Sig(X)),Softplus(X))))"
    case (.qualityFocal, .binaryClass): "Mul(Mul(Sub(Q,Sig(X)),Sub(Q,Sig(X))),Sub(Softplus(X),Mul(Q,X)))"
    case (.iou, .regression): "Neg(Log(Div(I,U)))"
    case (.linearIoU, .regression): "Sub(1,Div(I,U))"
    case (.giou, .regression): "Add(Sub(1,Div(I,U)),Div(Sub(E,U),E))"
    case (.cseAutolossA, .binaryClass), (.cseAutolossB, .multiClass), (.crossEntropy, .regression),
      (.focal, .regression), (.qualityFocal, .multiClass), (.qualityFocal, .regression), (.l1, _), (.smoothL1, _),
      (.iou, .multiClass), (.iou, .binaryClass), (.linearIoU, .multiClass), (.linearIoU, .binaryClass),
      (.giou, .multiClass), (.giou, .binaryClass):
      nil
    }
  }

  /// The modes in which the name stands for a formula.
  public var modes: [Mode] { Mode.allCases.filter { text(in: $0) != nil } }

  /// The formula in a mode; nil where `text(in:)` is.
  public func formula(in mode: Mode) -> Formula? {
    text(in: mode).flatMap { try? Formula(parsing: $0, mode: mode) }
  }

  /// The loss on deltas that the name stands for, if it is one.
  public var deltaKind: BoxLoss.Kind? {
    switch self {
    case .l1: .l1Deltas
    case .smoothL1: .smoothL1Deltas(beta: 1)
    case .cseAutolossA, .cseAutolossB, .crossEntropy, .focal, .qualityFocal, .iou, .linearIoU, .giou: nil
    }
  }

  /// The weight of positives in BINARY_CLS; negative for none.
  var alpha: Float {
    switch self {
    case .focal, .cseAutolossB: 0.25
    case .cseAutolossA, .crossEntropy, .qualityFocal, .l1, .smoothL1, .iou, .linearIoU, .giou: -1
    }
  }

  /// The names usable at a place, in the order of `allCases`.
  public static func names(at place: LossPlace, mode: Mode) -> [String] {
    allCases.filter { loss in
      switch place {
      case .classification: loss.text(in: mode) != nil
      case .regression: loss.text(in: .regression) != nil || loss.deltaKind != nil
      }
    }.map(\.rawValue)
  }
}
