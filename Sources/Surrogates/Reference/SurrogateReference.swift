import Foundation
import Losses

/// Value and gradient of the six surrogates in Double and in plain loops: what the kernels must agree with.
public struct SurrogateReference {
  public let parameters: SurrogateParameters
  private let curves: [SurrogateCurve]

  public init(_ parameters: SurrogateParameters) {
    self.parameters = parameters
    curves = parameters.surrogateCurves
  }

  /// 1 − the soft metric and its gradient with respect to the logits (images × classes × height × width).
  /// - Parameters:
  ///   - logits: `shape.logitCount` numbers.
  ///   - labels: `shape.labelCount` numbers; those at or above the number of classes are ignored.
  public func evaluate(
    logits: [Double], labels: [UInt8], shape: LabelMapShape
  ) -> (value: Double, gradient: [Double]) {
    let p = ReferenceMaps.softmax(logits, shape)
    let (metric, byProbability) =
      switch parameters.metric {
      case .meanIoU, .frequencyWeightedIoU: overlap(p, labels.map(Int.init), shape)
      case .boundaryIoU: overlap(p, ReferenceMaps.nearBoundaries(labels, shape, parameters), shape)
      case .meanAccuracy, .globalAccuracy: accuracy(p, labels.map(Int.init), shape)
      case .boundaryF1: ReferenceBoundaries(parameters, curves).evaluate(p, labels, shape)
      }
    let slopes = metric.isNaN ? byProbability.map { _ in 0 } : byProbability.map { -$0 }
    return (1 - metric, ReferenceMaps.softmaxGradient(p, slopes, shape))
  }

  /// The metric and its derivatives by the probabilities.
  private func overlap(_ p: [Double], _ labels: [Int], _ shape: LabelMapShape) -> (Double, [Double]) {
    var slopes = [Double](repeating: 0, count: p.count)
    let counts = (0..<shape.classes).map { label in Double(labels.count { $0 == label }) }
    var metric = 0.0
    for label in 0..<shape.classes {
      let weight =
        parameters.metric == .frequencyWeightedIoU
        ? counts[label] / counts.reduce(0, +) : 1 / Double(shape.classes)
      var (intersection, union) = (0.0, SurrogateParameters.epsilon)
      for (place, target) in ReferenceMaps.pixels(of: label, labels, shape) {
        let t = target ? 1.0 : 0
        let y = curves[1].evaluate(p[place]).value
        intersection += curves[0].evaluate(p[place]).value * t
        union += y + t - y * t
      }
      metric += weight * intersection / union
      for (place, target) in ReferenceMaps.pixels(of: label, labels, shape) {
        slopes[place] =
          target
          ? weight * curves[0].evaluate(p[place]).slope / union
          : -weight * intersection * curves[1].evaluate(p[place]).slope / (union * union)
      }
    }
    return (metric, slopes)
  }

  private func accuracy(_ p: [Double], _ labels: [Int], _ shape: LabelMapShape) -> (Double, [Double]) {
    var slopes = [Double](repeating: 0, count: p.count)
    let counts = (0..<shape.classes).map { label in Double(labels.count { $0 == label }) }
    var metric = 0.0
    for label in 0..<shape.classes {
      let isMean = parameters.metric == .meanAccuracy
      let pixels = (isMean ? counts[label] : counts.reduce(0, +)) + SurrogateParameters.epsilon
      let weight = 1 / (pixels * (isMean ? Double(shape.classes) : 1))
      for (place, target) in ReferenceMaps.pixels(of: label, labels, shape) where target {
        let (value, slope) = curves[0].evaluate(p[place])
        metric += weight * value
        slopes[place] = weight * slope
      }
    }
    return (metric, slopes)
  }
}

/// Softmax, label maps and windows in plain loops.
enum ReferenceMaps {
  static func softmax(_ logits: [Double], _ shape: LabelMapShape) -> [Double] {
    var p = logits
    eachPixel(shape) { places in
      let top = places.map { logits[$0] }.max() ?? 0
      let sum = places.reduce(0) { $0 + exp(logits[$1] - top) }
      for place in places { p[place] = exp(logits[place] - top) / sum }
    }
    return p
  }

  /// The gradient with respect to the logits from that with respect to the probabilities.
  static func softmaxGradient(_ p: [Double], _ slopes: [Double], _ shape: LabelMapShape) -> [Double] {
    var gradient = p
    eachPixel(shape) { places in
      let mean = places.reduce(0) { $0 + p[$1] * slopes[$1] }
      for place in places { gradient[place] = p[place] * (slopes[place] - mean) }
    }
    return gradient
  }

  /// The places of the classes of every pixel.
  private static func eachPixel(_ shape: LabelMapShape, _ body: ([Int]) -> Void) {
    for image in 0..<shape.images {
      for pixel in 0..<shape.pixels {
        body((0..<shape.classes).map { (image * shape.classes + $0) * shape.pixels + pixel })
      }
    }
  }

  /// The places of a class among the logits, and whether the label is that class; without ignored pixels.
  static func pixels(of label: Int, _ labels: [Int], _ shape: LabelMapShape) -> [(place: Int, isTarget: Bool)] {
    labels.indices.filter { labels[$0] < shape.classes }.map { index in
      let (image, pixel) = index.quotientAndRemainder(dividingBy: shape.pixels)
      return ((image * shape.classes + label) * shape.pixels + pixel, labels[index] == label)
    }
  }

  /// The places of a square window inside the image, by rows.
  static func window(_ pixel: Int, radius: Int, _ shape: LabelMapShape) -> [Int] {
    let (row, column) = pixel.quotientAndRemainder(dividingBy: shape.width)
    let columns = max(0, column - radius)...min(shape.width - 1, column + radius)
    return (max(0, row - radius)...min(shape.height - 1, row + radius)).flatMap { row in
      columns.map { row * shape.width + $0 }
    }
  }

  /// Whether each pixel of an image lies on the boundary of a class.
  static func boundary(of label: Int, _ labels: ArraySlice<UInt8>, _ shape: LabelMapShape) -> [Bool] {
    (0..<shape.pixels).map { pixel in
      labels[labels.startIndex + pixel] == label
        && window(pixel, radius: 1, shape).contains { labels[labels.startIndex + $0] != label }
    }
  }

  /// The labels, ignored where no boundary is near.
  static func nearBoundaries(
    _ labels: [UInt8], _ shape: LabelMapShape, _ parameters: SurrogateParameters
  ) -> [Int] {
    (0..<shape.images).flatMap { image in
      let map = labels[(image * shape.pixels)..<((image + 1) * shape.pixels)]
      var isBoundary = [Bool](repeating: false, count: shape.pixels)
      for label in (parameters.dropsBackground ? 1 : 0)..<shape.classes {
        for (pixel, marked) in boundary(of: label, map, shape).enumerated() where marked { isBoundary[pixel] = true }
      }
      return (0..<shape.pixels).map { pixel in
        window(pixel, radius: parameters.tolerance, shape).contains { isBoundary[$0] }
          ? Int(map[map.startIndex + pixel]) : 255
      }
    }
  }
}
