import CKernels
import Losses

/// The surrogates of mIoU, FWIoU and BIoU: soft intersection over soft union of every class.
///
/// With p the softmax and t the one-hot label, intersection = Σ f1(p) t and union = Σ f2(p) + t − f2(p) t over the pixels that
/// count, so f1 matters at the pixels of a class and f2 at all others: one curve a logit. BIoU counts pixels near the
/// boundaries of the labels alone. Classes weigh alike, or by their pixels (FWIoU).
final class OverlapLoss: SegmentationLoss {
  private let parameters: SurrogateParameters
  private let level: Int32
  private let kernels: CurveKernels
  private let boundaries = LabelBoundaries()
  private let words = WorkingMemory<UInt64>()
  private let bytes = WorkingMemory<UInt8>()
  private let slopes = WorkingMemory<Float>()
  private let room = WorkingMemory<Float>()
  private let factors = WorkingMemory<Float>()
  private let sums = WorkingMemory<Double>()
  private let counting = WorkingMemory<Int>()

  init(_ parameters: SurrogateParameters, instructions: InstructionSet) {
    self.parameters = parameters
    level = instructions.rawValue
    kernels = CurveKernels(parameters.surrogateCurves)
  }

  func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let labels = parameters.metric == .boundaryIoU ? nearBoundaries(labels, shape) : labels
    let counts = LabelCounts(labels, shape, in: counting)
    let sums = sums.reserve(2 * shape.classes)
    let room = room.reserve(Int(segment_room(Int64(shape.classes))))
    let slopes = gradient.map { _ in self.slopes.reserve(shape.logitCount) }
    var kernelShape = segment_shape(shape)
    segment_overlap(
      level, &kernelShape, logits, labels, kernels.curves, kernels.curves + 1, gradient, slopes, sums, room)
    let factors = factors.reserve(2 * shape.classes)
    let metric = weigh(sums, counts, classes: shape.classes, factors: factors)
    if let gradient, let slopes {
      if metric.isNaN {
        gradient.update(repeating: 0, count: shape.logitCount)
      } else {
        segment_overlap_backward(
          level, &kernelShape, labels, factors, factors + shape.classes, slopes, gradient, room)
      }
    }
    return Float(1 - metric)
  }

  /// The soft metric; `factors` gets the derivatives of the loss by the curves' values.
  private func weigh(
    _ sums: UnsafePointer<Double>, _ counts: LabelCounts, classes: Int, factors: UnsafeMutablePointer<Float>
  ) -> Double {
    var metric = 0.0
    for label in 0..<classes {
      let count = Double(counts.counts[label])
      let weight =
        parameters.metric == .frequencyWeightedIoU ? count / Double(counts.total) : 1 / Double(classes)
      let union = sums[classes + label] + count + SurrogateParameters.epsilon
      metric += weight * sums[label] / union
      factors[label] = Float(-weight / union)
      factors[classes + label] = Float(weight * sums[label] / (union * union))
    }
    return metric
  }

  /// The labels, ignored where no boundary is near.
  private func nearBoundaries(_ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape) -> UnsafePointer<UInt8> {
    let near = words.reserve(shape.pixels)
    let kept = bytes.reserve(shape.labelCount)
    let classes = (parameters.dropsBackground ? 1 : 0)..<shape.classes
    for image in 0..<shape.images {
      let map = labels + image * shape.pixels
      boundaries.markAny(map, height: shape.height, width: shape.width, classes: classes, into: near)
      boundaries.dilate(
        near, height: shape.height, width: shape.width, radius: parameters.tolerance, into: near)
      let row = kept + image * shape.pixels
      for place in 0..<shape.pixels { row[place] = near[place] != 0 ? map[place] : 255 }
    }
    return UnsafePointer(kept)
  }
}
