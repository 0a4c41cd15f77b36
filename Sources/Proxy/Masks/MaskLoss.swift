import Foundation
import Networks

/// What the mask head says of each region and where the loss's gradient goes; the caller owns the memory.
package struct MaskOutputs {
  /// Pixels of a mask along each side.
  let side: Int
  /// Number of classes without the background.
  let classes: Int
  /// regions × side × side × classes.
  let logits: UnsafeMutableBufferPointer<Float>
  let gradient: UnsafeMutableBufferPointer<Float>

  package init(
    side: Int, classes: Int, logits: UnsafeMutableBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    (self.side, self.classes, self.logits, self.gradient) = (side, classes, logits, gradient)
  }

  /// The probabilities of one class of one region, row after row.
  func patch(row: Int, label: Int, threshold: Float) -> MaskPatch {
    let first = row * side * side * classes + label
    return MaskPatch(
      side: side, probabilities: (0..<side * side).map { 1 / (1 + expf(-logits[first + $0 * classes])) },
      threshold: threshold)
  }
}

/// The mask that a region is to reach.
package struct MaskTarget {
  /// Class from 0.
  let label: Int
  /// side × side, row after row.
  let pixels: [Bool]

  package init(label: Int, pixels: [Bool]) {
    (self.label, self.pixels) = (label, pixels)
  }
}

/// Binary cross entropy of each pixel in the true class's channel alone, averaged over all pixels of all regions
/// (He et al., 2017, section 3); 0 without regions.
package enum MaskLoss {
  /// The weighted loss, row r of `outputs` being `targets[r]`; writes the gradient in full.
  package static func evaluate(_ outputs: MaskOutputs, targets: [MaskTarget], weight: Float) -> Double {
    outputs.gradient.update(repeating: 0)
    let pixels = outputs.side * outputs.side
    let scale = weight / Float(max(targets.count * pixels, 1))
    var loss = 0.0
    for (row, target) in targets.enumerated() {
      for pixel in 0..<pixels {
        let place = (row * pixels + pixel) * outputs.classes + target.label
        let (logit, wanted): (Float, Float) = (outputs.logits[place], target.pixels[pixel] ? 1 : 0)
        outputs.gradient[place] = BinaryCrossEntropy.slope(logit, target: wanted) * scale
        loss += Double(BinaryCrossEntropy.value(logit, target: wanted))
      }
    }
    return loss * Double(scale)
  }
}
