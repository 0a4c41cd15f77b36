import Formulas
import Foundation
import Losses

/// The gradient at chosen probabilities or IoUs.
enum GradientProfile {
  /// Probabilities of the table; IoUs of boxes. Ours.
  static let probabilities = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]
  static let overlaps = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]

  static func rows(_ tracer: NodeTracer, reference: NodeTracer) -> [GradientStatistics.Row] {
    switch tracer.mode {
    case .multiClass: multiClass(tracer, reference)
    case .binaryClass: binaryClass(tracer, reference)
    case .regression: regression(tracer, reference)
    }
  }

  /// Three classes, the label one of the foreground, Z = 1 and Z = 0.5, the other logits 0.
  private static func multiClass(_ tracer: NodeTracer, _ reference: NodeTracer) -> [GradientStatistics.Row] {
    [1, 0.5].flatMap { overlap -> [GradientStatistics.Row] in
      let count = probabilities.count
      var inputs = LossInputs<Double>(rows: count, classes: 3)
      inputs[.x] = probabilities.flatMap { [log(2 * $0 / (1 - $0)), 0, 0] }
      inputs[.y] = probabilities.flatMap { _ in [1, 0, 0] }
      inputs[.z] = [Double](repeating: overlap, count: 3 * count)
      return rows(
        "true class, Z = \(overlap.brief)", probabilities, tracer, reference,
        AdmissibleBatch(inputs: inputs, truth: [Int?](repeating: 0, count: count), boxes: []))
    }
  }

  /// Elements one by one beside a sure negative: a positive of full and of half IoU, and a negative.
  private static func binaryClass(_ tracer: NodeTracer, _ reference: NodeTracer) -> [GradientStatistics.Row] {
    [("positive, Q = 1", 1.0, 1.0), ("positive, Q = 0.5", 1, 0.5), ("negative", 0, 0)].flatMap {
      subject, positive, quality -> [GradientStatistics.Row] in
      let count = probabilities.count
      var inputs = LossInputs<Double>(rows: count, classes: 2)
      inputs[.x] = probabilities.flatMap { [log($0 / (1 - $0)), -2] }
      inputs[.q] = probabilities.flatMap { _ in [quality, 0] }
      inputs[.py] = probabilities.flatMap { _ in [positive, 0] }
      inputs[.ny] = probabilities.flatMap { _ in [1 - positive, 1] }
      return rows(
        subject, probabilities, tracer, reference,
        AdmissibleBatch(inputs: inputs, truth: [Int?](repeating: positive == 1 ? 0 : nil, count: count), boxes: []))
    }
  }

  /// A box of 64×48 px shifted along x by what gives the IoU: 64 (1 − IoU) / (1 + IoU) px.
  private static func regression(_ tracer: NodeTracer, _ reference: NodeTracer) -> [GradientStatistics.Row] {
    let target = ProbeBox(centerX: 0, centerY: 0, width: 64, height: 48)
    let pairs = overlaps.map { iou in
      BoxPair(
        predicted: ProbeBox(centerX: 64 * (1 - iou) / (1 + iou), centerY: 0, width: 64, height: 48), target: target)
    }
    return rows("box of 64×48 px, shifted", overlaps, tracer, reference, AdmissibleBatch(boxes: pairs))
  }

  private static func rows(
    _ subject: String, _ places: [Double], _ tracer: NodeTracer, _ reference: NodeTracer, _ batch: AdmissibleBatch
  ) -> [GradientStatistics.Row] {
    let own = entries(tracer, batch)
    let other = entries(reference, batch)
    return places.indices.map {
      GradientStatistics.Row(subject: subject, at: places[$0], gradient: own[$0], reference: other[$0])
    }
  }

  /// For each row the gradient of the first column, or the length of the corner gradient.
  private static func entries(_ tracer: NodeTracer, _ batch: AdmissibleBatch) -> [Double] {
    let gradient = batch.predictionGradient(tracer.trace(batch.inputs), of: tracer.formula)
    guard !batch.boxes.isEmpty else { return batch.truth.indices.map { gradient[$0 * batch.inputs.classes] } }
    return batch.boxes.indices.map { row in
      gradient[(4 * row)..<(4 * row + 4)].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}
