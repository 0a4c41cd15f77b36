import Foundation
import Losses

/// Mean cross entropy over the pixels that count, in plain loops in Double.
final class PlainCrossEntropy: SegmentationLoss {
  func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) -> Float {
    let (classes, pixels) = (shape.classes, shape.pixels)
    let count = (0..<shape.labelCount).reduce(0) { $0 + (Int(labels[$1]) < classes ? 1 : 0) }
    var sum = 0.0
    for place in 0..<shape.labelCount {
      let start = place / pixels * classes * pixels + place % pixels
      let own = (0..<classes).map { Double(logits[start + $0 * pixels]) }
      let largest = own.max() ?? 0
      let powers = own.map { exp($0 - largest) }
      let total = powers.reduce(0, +)
      let label = Int(labels[place])
      let counts = label < classes
      if counts { sum += log(total) + largest - own[label] }
      for k in 0..<classes {
        let slope = counts ? (powers[k] / total - (k == label ? 1 : 0)) / Double(count) : 0
        gradient?[start + k * pixels] = Float(slope)
      }
    }
    return Float(sum / Double(count))
  }
}
