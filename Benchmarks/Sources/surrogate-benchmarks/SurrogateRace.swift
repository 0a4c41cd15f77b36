import Foundation
import Losses
import Randomness
import Serving
import Surrogates

/// Value and gradient of the published surrogates on drawn logits, and the boundaries of their labels.
final class SurrogateRace {
  /// What is drawn: images, classes and sides of the logits.
  struct Input: Encodable {
    let shape: [Int]
    let metrics: [String]
    let thetas: [[Double]]
    let tolerances: [Int]
    let dropsBackground: [Bool]
  }

  /// The value, whose gradient went to a file.
  struct Answer: Encodable {
    let value: Float
  }

  private let shape: LabelMapShape
  private let logits: [Float]
  private let labels: [UInt8]
  private var gradient: [Float]
  private var losses: [SegmentationMetric: any SegmentationLoss] = [:]

  /// Two images of 256 × 256 pixels and 19 classes; labels in blobs of 16 pixels, 2% ignored.
  init() throws {
    var generator = SeededGenerator(seed: 1, stream: "surrogate benchmark")
    let shape = try LabelMapShape(images: 2, classes: 19, height: 256, width: 256)
    let (side, across) = (16, 16)
    labels = (0..<shape.images).flatMap { _ in
      let blobs = (0..<(across * across)).map { _ in UInt8(generator.index(below: shape.classes)) }
      return (0..<shape.pixels).map { pixel in
        generator.chance(0.02) ? 255 : blobs[pixel / shape.width / side * across + pixel % shape.width / side]
      }
    }
    var logits = (0..<shape.logitCount).map { _ in Float(2 * generator.normal()) }
    for (index, label) in labels.enumerated() where label != 255 {
      let (image, pixel) = index.quotientAndRemainder(dividingBy: shape.pixels)
      logits[(image * shape.classes + Int(label)) * shape.pixels + pixel] += 3
    }
    (self.shape, self.logits) = (shape, logits)
    gradient = Array(repeating: 0, count: shape.logitCount)
  }

  /// Writes logits (Float) and labels (bytes); says what the losses are.
  func writeInputs(logits logitFile: String, labels labelFile: String) throws -> Input {
    try logits.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: logitFile)) }
    try Data(labels).write(to: URL(fileURLWithPath: labelFile))
    let published = SegmentationMetric.allCases.map { SurrogateParameters.published($0) }
    return Input(
      shape: [shape.images, shape.classes, shape.height, shape.width], metrics: published.map(\.metric.rawValue),
      thetas: published.map(\.theta), tolerances: published.map(\.tolerance),
      dropsBackground: published.map(\.dropsBackground))
  }

  /// Value and gradient; a test holds both against the reference in Double.
  func answer(_ metric: String, to file: String) throws -> Answer {
    let loss = try loss(metric)
    let value = try loss.evaluate(logits: logits, labels: labels, shape: shape, gradient: &gradient)
    try gradient.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: file)) }
    return Answer(value: value)
  }

  func time(_ metric: String, count: Int) throws -> Timing {
    let loss = try loss(metric)
    var failure: (any Error)?
    let timing = logits.withUnsafeBufferPointer { logits in
      labels.withUnsafeBufferPointer { labels in
        gradient.withUnsafeMutableBufferPointer { gradient in
          Timing(count: count, batch: 1) { _ in
            guard let logits = logits.baseAddress, let labels = labels.baseAddress else { return }
            do {
              _ = try loss.evaluate(logits: logits, labels: labels, shape: shape, gradient: gradient.baseAddress)
            } catch { failure = error }
          }
        }
      }
    }
    if let failure { throw failure }
    return timing
  }

  /// Seconds to find the boundaries of one label map and what lies within `radius` of those of each class: all that the
  /// radius has a part in when a map is scored.
  func timeBoundaries(radius: Int, count: Int) -> Timing {
    let boundaries = LabelBoundaries()
    let (height, width) = (shape.height, shape.width)
    var (sets, near) = (
      Array<UInt64>(repeating: 0, count: shape.pixels), Array<UInt64>(repeating: 0, count: shape.pixels)
    )
    return Timing(count: count, batch: 1) { _ in
      boundaries.mark(labels, height: height, width: width, classes: 0..<shape.classes, into: &sets)
      boundaries.dilate(sets, height: height, width: width, radius: radius, into: &near)
    }
  }

  private func loss(_ name: String) throws -> any SegmentationLoss {
    let metric = try SegmentationMetric(named: name)
    let loss = losses[metric] ?? SurrogateParameters.published(metric).makeLoss()
    losses[metric] = loss
    return loss
  }
}
