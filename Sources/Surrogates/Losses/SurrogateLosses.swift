import CKernels
import Losses

extension SurrogateParameters {
  /// What stands for 0 in a denominator. Source: Auto Seg-Loss.
  public static let epsilon = 1e-8

  /// The surrogate of the metric as a loss, 1 − the soft metric; an instance for one worker.
  public func makeLoss(instructions: InstructionSet = .best) -> any SegmentationLoss {
    switch metric {
    case .meanIoU, .frequencyWeightedIoU, .boundaryIoU: OverlapLoss(self, instructions: instructions)
    case .meanAccuracy, .globalAccuracy: AccuracyLoss(self, instructions: instructions)
    case .boundaryF1: BoundaryLoss(self, instructions: instructions)
    }
  }

  /// The curves in the order of theta.
  public var surrogateCurves: [SurrogateCurve] {
    curves.map { SurrogateCurve(points: $0, parameterization: parameterization) }
  }
}

extension segment_shape {
  init(_ shape: LabelMapShape) {
    self.init(images: Int64(shape.images), classes: Int64(shape.classes), pixels: Int64(shape.pixels))
  }
}

/// How many pixels each class has; ignored ones count nowhere.
struct LabelCounts {
  let counts: UnsafeMutablePointer<Int>
  private(set) var total = 0

  /// Counts into `memory`, which stays reserved.
  init(_ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape, in memory: WorkingMemory<Int>) {
    // A place for every byte, so that no label needs a test.
    counts = memory.reserve(256)
    counts.update(repeating: 0, count: 256)
    for place in 0..<shape.labelCount { counts[Int(labels[place])] += 1 }
    for label in 0..<shape.classes { total += counts[label] }
  }
}
