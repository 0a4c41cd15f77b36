/// From the proposal network's outputs to the boxes that the second stage looks at (Ren et al., 2015, section 3.3).
package struct ProposalSelection {
  private let settings: ProposalSettings
  private let anchors: PyramidAnchors

  package init(settings: ProposalSettings, anchors: PyramidAnchors) {
    (self.settings, self.anchors) = (settings, anchors)
  }

  /// Smallest side of a proposal in pixels; thinner ones are dropped.
  static let leastSide: Float = 1

  /// The proposals of one image, best first, inside `area`: of each level the best before suppression, decoded, cut at
  /// the border, suppressed within the level, then the best of both levels.
  package func proposals(_ outputs: [ProposalOutputs], image: Int, area: ImageArea) -> [BoundingBox] {
    var boxes: [BoundingBox] = []
    var scores: [Float] = []
    var levels: [Int] = []
    for (level, shape) in anchors.levels.enumerated() {
      let output = outputs[level]
      let first = image * shape.count
      let logits = UnsafeBufferPointer(rebasing: output.objectness[first..<(first + shape.count)])
      for index in Ranking.best(settings.beforeSuppression, of: logits) {
        let anchor = anchors.boxes[shape.start + index]
        let box = DeltaCoder.proposals.decode(output.deltas(at: first + index), anchor: anchor, clippedTo: area)
        guard box.width >= Self.leastSide, box.height >= Self.leastSide else { continue }
        boxes.append(box)
        scores.append(logits[index])
        levels.append(level)
      }
    }
    let kept = NonMaximumSuppression.keepBatched(
      boxes, scores: scores, groups: levels, threshold: settings.suppressionThreshold, limit: settings.kept)
    return kept.map { boxes[$0] }
  }
}

/// Finds the few largest of many numbers without sorting them all.
package enum Ranking {
  /// Indices of the `count` largest values, largest first, ties by rising index; nan ranks last.
  package static func best(_ count: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
    var keys = values.indices.map { index in UInt64(orderedBits(values[index])) << 32 | UInt64(~UInt32(index)) }
    if keys.count > count {
      keys.withUnsafeMutableBufferPointer { moveLargest(count, ahead: $0) }
      keys.removeLast(keys.count - count)
    }
    keys.sort(by: >)
    return keys.map { Int(~UInt32(truncatingIfNeeded: $0)) }
  }

  /// Bits that order as the numbers do.
  private static func orderedBits(_ value: Float) -> UInt32 {
    if value.isNaN { return 0 }
    // Adding 0 turns −0 into +0, so that they tie.
    let bits = (value + 0).bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  /// Moves the `count` largest of distinct keys before the others (quickselect with the median of three as pivot).
  private static func moveLargest(_ count: Int, ahead keys: UnsafeMutableBufferPointer<UInt64>) {
    var (low, high) = (0, keys.count)
    while high - low > 1, low < count {
      let (a, b, c) = (keys[low], keys[low + (high - low) / 2], keys[high - 1])
      let pivot = max(min(a, b), min(max(a, b), c))
      // Hoare's partition: keys above the pivot, then the rest.
      var (left, right) = (low, high - 1)
      while left <= right {
        while keys[left] > pivot { left += 1 }
        while keys[right] < pivot { right -= 1 }
        guard left <= right else { break }
        keys.swapAt(left, right)
        left += 1
        right -= 1
      }
      if count <= right + 1 {
        high = right + 1
      } else if count >= left {
        low = left
      } else {
        return
      }
    }
  }
}
