/// What a classification loss is computed on; holds no memory of its own.
public struct ClassificationBatch {
  /// N×C, row-major.
  public var logits: UnsafeBufferPointer<Float>
  /// N labels.
  public var labels: UnsafeBufferPointer<Int32>
  /// C; with the background for the multi-class loss.
  public var classes: Int
  /// The IoU of each positive row with its target, in row order; nil where the head has none.
  public var positiveIoUs: UnsafeBufferPointer<Float>?
  /// A weight for each row; nil for none.
  public var weights: UnsafeBufferPointer<Float>?
  /// What a mean divides by in place of the number of entries.
  public var averageFactor: Float?

  public init(
    logits: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>, classes: Int,
    positiveIoUs: UnsafeBufferPointer<Float>? = nil, weights: UnsafeBufferPointer<Float>? = nil,
    averageFactor: Float? = nil
  ) {
    self.logits = logits
    self.labels = labels
    self.classes = classes
    self.positiveIoUs = positiveIoUs
    self.weights = weights
    self.averageFactor = averageFactor
  }

  /// N.
  public var rows: Int { labels.count }

  /// - Parameter positive: whether a label is one of an object.
  /// - Throws: `LossError.count`.
  func check(positive: (Int32) -> Bool) throws(LossError) {
    if logits.count != rows * classes {
      throw .count("logits", given: logits.count, expected: rows * classes)
    }
    if let weights, weights.count != rows { throw .count("weights", given: weights.count, expected: rows) }
    guard let positiveIoUs else { return }
    var positives = 0
    for label in labels where positive(label) { positives += 1 }
    if positiveIoUs.count != positives {
      throw .count("positiveIoUs", given: positiveIoUs.count, expected: positives)
    }
  }
}
