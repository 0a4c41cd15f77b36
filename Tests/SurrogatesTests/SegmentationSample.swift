import Losses
import Randomness
import Surrogates

/// Drawn logits and labels.
struct SegmentationSample {
  let shape: LabelMapShape
  var logits: [Float]
  var labels: [UInt8]

  /// Blobs of labels with some ignored pixels, and logits that lean towards them.
  init(_ shape: LabelMapShape, seed: UInt64, scale: Double = 2, ignored: Double = 0.05) {
    var generator = SeededGenerator(seed: seed, stream: "segmentation sample")
    self.shape = shape
    labels = []
    let side = 1 + generator.index(below: 4)
    for _ in 0..<shape.images {
      let across = (shape.width + side - 1) / side
      let blocks = (0..<(across * ((shape.height + side - 1) / side))).map { _ in
        generator.index(below: shape.classes)
      }
      for pixel in 0..<shape.pixels {
        let block = blocks[pixel / shape.width / side * across + pixel % shape.width / side]
        labels.append(generator.chance(ignored) ? 255 : UInt8(block))
      }
    }
    logits = []
    for image in 0..<shape.images {
      for label in 0..<shape.classes {
        for pixel in 0..<shape.pixels {
          let isTarget = Int(labels[image * shape.pixels + pixel]) == label
          logits.append(Float(scale * generator.normal() + (isTarget ? 1 : 0)))
        }
      }
    }
  }

  /// A drawn shape: sides from 1 to 40, 1 to 7 classes, 1 to 3 images.
  static func shape(_ generator: inout SeededGenerator) throws -> LabelMapShape {
    try LabelMapShape(
      images: generator.integer(in: 1...3), classes: generator.integer(in: 1...7),
      height: generator.integer(in: 1...40),
      width: generator.integer(in: 1...40))
  }

  func evaluate(_ loss: any SegmentationLoss) throws -> (value: Float, gradient: [Float]) {
    var gradient = [Float](repeating: .nan, count: shape.logitCount)
    let value = try loss.evaluate(logits: logits, labels: labels, shape: shape, gradient: &gradient)
    return (value, gradient)
  }

  func value(_ loss: any SegmentationLoss) throws -> Float {
    try loss.evaluate(logits: logits, labels: labels, shape: shape, gradient: nil)
  }
}

extension SurrogateParameters {
  /// Drawn control points; every third number at 0, 1/2 or 1, so that points meet.
  static func random(
    _ metric: SegmentationMetric, _ generator: inout SeededGenerator, edges: Bool
  ) throws -> SurrogateParameters {
    let form = generator.element(of: SurrogateParameterization.allCases) ?? .bezier
    let pieces = generator.integer(in: (form == .bezier ? 1 : 2)...4)
    let count = metric.curves * form.numbers(pieces: pieces)
    let raw = (0..<count).map { _ in
      edges && generator.chance(0.3) ? Double(generator.index(below: 3)) / 2 : generator.uniform(0.02, 0.98)
    }
    return try SurrogateParameters(
      metric: metric, parameterization: form, theta: StickBreaking.controlPoints(raw, curves: metric.curves),
      tolerance: generator.integer(in: 0...6), dropsBackground: generator.chance(0.3))
  }
}
