import Losses

/// The Lovász extension of the Jaccard loss at the errors |t − p|, mean over the classes that the labels have; nan without any.
///
/// Source: Berman, Triki, Blaschko, The Lovász-Softmax loss (CVPR 2018), all images of a batch together. Errors are sorted by
/// radix, equal ones in the order of their pixels.
public final class LovaszSoftmaxLoss: SegmentationLoss {
  private let probabilities: ClassProbabilities
  private let counting = WorkingMemory<Int>()
  private let keys = WorkingMemory<UInt64>()
  private let sorting = WorkingMemory<UInt64>()
  private let buckets = WorkingMemory<Int>()

  public init(instructions: InstructionSet = .best) {
    probabilities = ClassProbabilities(instructions: instructions)
  }

  public func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let counts = LabelCounts(labels, shape, in: counting)
    gradient?.update(repeating: 0, count: shape.logitCount)
    let present = (0..<shape.classes).reduce(0) { $0 + (counts.counts[$1] > 0 ? 1 : 0) }
    guard present > 0 else { return .nan }
    let p = probabilities.evaluate(logits, shape)
    var loss = 0.0
    for label in 0..<shape.classes where counts.counts[label] > 0 {
      let sorted = sortedErrors(p, labels, shape, label, count: counts.total)
      loss += Self.extend(
        sorted, labels, shape, label, positives: counts.counts[label], share: 1 / Double(present), gradient: gradient)
    }
    if let gradient { probabilities.handBack(gradient, shape) }
    return Float(loss)
  }

  /// Error and place of every pixel that counts, largest error first: the complement of the error's bits above the place.
  private func sortedErrors(
    _ p: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape, _ label: Int, count: Int
  ) -> UnsafeMutableBufferPointer<UInt64> {
    let keys = keys.reserve(count)
    var next = 0
    for place in 0..<shape.labelCount where Int(labels[place]) < shape.classes {
      let error = abs((Int(labels[place]) == label ? 1 : 0) - p[Self.logit(place, shape, label)])
      keys[next] = UInt64(~error.bitPattern) << 32 | UInt64(place)
      next += 1
    }
    RadixSort.sort(keys, count: count, scratch: sorting.reserve(count), buckets: buckets.reserve(RadixSort.buckets))
    return UnsafeMutableBufferPointer(start: keys, count: count)
  }

  /// Where the class of a label's place lies among the logits.
  private static func logit(_ place: Int, _ shape: LabelMapShape, _ label: Int) -> Int {
    let image = place / shape.pixels
    return (image * (shape.classes - 1) + label) * shape.pixels + place
  }

  /// Σ error · growth of the Jaccard loss; the growths, signed, are the gradient by the probabilities.
  private static func extend(
    _ sorted: UnsafeMutableBufferPointer<UInt64>, _ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape, _ label: Int,
    positives: Int, share: Double, gradient: UnsafeMutablePointer<Float>?
  ) -> Double {
    var (left, union, before, loss) = (positives, positives, 0.0, 0.0)
    for key in sorted {
      let place = Int(key & 0xFFFF_FFFF)
      let isTarget = Int(labels[place]) == label
      if isTarget { left -= 1 } else { union += 1 }
      let jaccard = 1 - Double(left) / Double(union)
      let growth = share * (jaccard - before)
      before = jaccard
      loss += growth * Double(Float(bitPattern: ~UInt32(key >> 32)))
      gradient?[logit(place, shape, label)] = Float(isTarget ? -growth : growth)
    }
    return loss
  }
}

/// Sorts words by their upper 32 bits, keeping the order of equals, in three passes of 11 bits.
enum RadixSort {
  private static let bits = 11
  /// Counters that a sort needs.
  static let buckets = 1 << bits

  static func sort(
    _ words: UnsafeMutablePointer<UInt64>, count: Int, scratch: UnsafeMutablePointer<UInt64>,
    buckets: UnsafeMutablePointer<Int>
  ) {
    var (from, to) = (words, scratch)
    for pass in 0..<3 {
      let shift = UInt64(32 + pass * bits)
      buckets.update(repeating: 0, count: Self.buckets)
      for index in 0..<count { buckets[digit(from[index], shift)] += 1 }
      var next = 0
      for bucket in 0..<Self.buckets { (buckets[bucket], next) = (next, next + buckets[bucket]) }
      for index in 0..<count {
        let bucket = digit(from[index], shift)
        to[buckets[bucket]] = from[index]
        buckets[bucket] += 1
      }
      swap(&from, &to)
    }
    words.update(from: scratch, count: count)
  }

  private static func digit(_ word: UInt64, _ shift: UInt64) -> Int { Int(word >> shift) & (buckets - 1) }
}
