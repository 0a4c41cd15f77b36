/// What a one-stage head says at one pyramid level, and where the losses' gradients go. The caller owns the memory.
///
/// Rows are images × cells in row-column order, one place (point or anchor) a cell.
package struct DenseOutputs {
  /// Number of classes; a sigmoid head has no background column.
  package let classes: Int
  /// rows × classes.
  package let logits: UnsafeMutableBufferPointer<Float>
  package let logitsGradient: UnsafeMutableBufferPointer<Float>
  /// rows × 4, the numbers of the box coding.
  package let boxes: UnsafeMutableBufferPointer<Float>
  package let boxesGradient: UnsafeMutableBufferPointer<Float>
  /// One logit a row: how well the box is expected to fit.
  package let centerness: UnsafeMutableBufferPointer<Float>
  package let centernessGradient: UnsafeMutableBufferPointer<Float>

  package init(
    classes: Int, logits: UnsafeMutableBufferPointer<Float>, logitsGradient: UnsafeMutableBufferPointer<Float>,
    boxes: UnsafeMutableBufferPointer<Float>, boxesGradient: UnsafeMutableBufferPointer<Float>,
    centerness: UnsafeMutableBufferPointer<Float>, centernessGradient: UnsafeMutableBufferPointer<Float>
  ) {
    self.classes = classes
    (self.logits, self.logitsGradient) = (logits, logitsGradient)
    (self.boxes, self.boxesGradient) = (boxes, boxesGradient)
    (self.centerness, self.centernessGradient) = (centerness, centernessGradient)
  }

  package var rows: Int { centerness.count }

  /// The box numbers of one row.
  func numbers(row: Int) -> SIMD4<Float> {
    SIMD4(boxes[4 * row], boxes[4 * row + 1], boxes[4 * row + 2], boxes[4 * row + 3])
  }

  func setBoxGradient(row: Int, _ gradient: SIMD4<Float>) {
    for side in 0..<4 { boxesGradient[4 * row + side] = gradient[side] }
  }
}

/// What the places of one pyramid level are to predict, for a whole batch.
package struct DenseTargets {
  /// A place that shows an object.
  package struct Positive {
    package let row: Int
    package let coding: BoxCoding
    package let target: BoundingBox

    package init(row: Int, coding: BoxCoding, target: BoundingBox) {
      (self.row, self.coding, self.target) = (row, coding, target)
    }
  }

  /// The class of each row; −1 for background.
  package var labels: [Int32]
  /// What a row counts in the classification: 1, or 0 where it is ignored. Empty: 1 everywhere.
  package var weights: [Float]
  /// By rising row; exactly the rows with a label of at least 0.
  package var positives: [Positive]

  package init(labels: [Int32], weights: [Float] = [], positives: [Positive]) {
    (self.labels, self.weights, self.positives) = (labels, weights, positives)
  }

  /// Takes all targets out and keeps their room.
  mutating func removeAll() {
    labels.removeAll(keepingCapacity: true)
    positives.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
  }
}
