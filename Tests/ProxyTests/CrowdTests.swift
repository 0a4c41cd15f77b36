import Formulas
import Losses
import Proxy
import Testing

/// Crowd regions in training: neither object nor background, for every detector.
@Suite struct CrowdTests {
  static let side = 64

  /// A gray picture with boxes, of which the last `crowds` are crowd regions.
  static func image(_ boxes: [BoundingBox], crowds: Int) -> DetectionImage {
    DetectionImage(
      id: 1, name: "gray", pixels: RGBImage(width: side, height: side, gray: 90),
      placement: ImagePlacement(originalWidth: side, originalHeight: side, height: side, width: side), boxes: boxes,
      labels: boxes.map { _ in 1 }, isCrowd: boxes.indices.map { $0 >= boxes.count - crowds },
      areas: boxes.map { Double($0.area) },
      originalBoxes: boxes.map {
        AnnotatedBox(x: Double($0.x1), y: Double($0.y1), width: Double($0.width), height: Double($0.height))
      })
  }

  static func losses(_ kind: DetectorKind, on image: DetectionImage) throws -> LossSummary {
    let mode = kind.classificationMode
    let formula =
      mode == .binaryClass ? "Neg(Add(Mul(PY,Log(Sig(X))),Mul(NY,Log(Sub(1,Sig(X))))))" : "Neg(Dot(Y,Log(Softmax(X))))"
    let losses = DetectionLosses(
      classification: ClassificationLoss(
        formula: try Formula(parsing: formula, mode: mode), mode: mode, alpha: mode == .binaryClass ? 0.25 : -1),
      regression: BoxLoss(.formula(try Formula(parsing: "Sub(1,Div(I,U))", mode: .regression)), weight: 1))
    let step = try TrainingStep(
      DetectorSettings(kind: kind), training: TrainingSettings(), losses: losses, classes: 3, batch: 1, height: side,
      width: side)
    return try step.accumulateGradients([image], step: 0)
  }

  /// Anchors reach beyond the picture, and so does this.
  static let whole = BoundingBox(x1: -64, y1: -64, x2: 128, y2: 128)

  @Test(arguments: DetectorKind.allCases.filter { $0 != .maskRCNN })
  func aPictureThatIsAllCrowdTeachesNothing(kind: DetectorKind) throws {
    let found = try Self.losses(kind, on: Self.image([Self.whole], crowds: 1))
    #expect(found.total == 0, "\(found)")
    let empty = try Self.losses(kind, on: Self.image([], crowds: 0))
    #expect(empty.classification > 0, "\(empty)")
  }

  /// An object in a crowd is learned, as mmdetection adds the objects to the proposals after these have been matched.
  @Test(arguments: DetectorKind.allCases.filter { $0 != .maskRCNN })
  func anObjectInsideACrowdIsLearned(kind: DetectorKind) throws {
    let object = BoundingBox(x1: 20, y1: 22, x2: 44, y2: 43)
    let found = try Self.losses(kind, on: Self.image([object, Self.whole], crowds: 1))
    #expect(found.classification > 0 && found.boxes > 0, "\(found)")
  }
}
