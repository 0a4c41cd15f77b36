import CKernels

/// Values and gradients of usual losses of rows, as the golden rows have them; tests train their networks with them. The
/// detectors' heads take formulas, and `BinaryCrossEntropy` where nothing is searched.
///
/// Gradients are written, not added; `weights` multiply the gradient alone, so pass weight / normaliser there and take
/// the weighted sum of `values` for the loss. All buffers must have the counts told; they are checked.
public enum LossFunctions {
  /// y = log softmax of each row of `classes` logits.
  public static func logSoftmax(
    _ logits: UnsafeBufferPointer<Float>, into y: UnsafeMutableBufferPointer<Float>, classes: Int
  ) {
    precondition(classes > 0 && y.count == logits.count, "one result for each logit")
    nn_log_softmax(logits.baseAddress, y.baseAddress, Int64(logits.count / classes), Int64(classes))
  }

  /// The gradient of `logSoftmax` from its result `y` and the upstream gradient.
  public static func logSoftmaxGradient(
    _ y: UnsafeBufferPointer<Float>, upstream: UnsafeBufferPointer<Float>,
    into gradient: UnsafeMutableBufferPointer<Float>, classes: Int
  ) {
    precondition(classes > 0 && upstream.count == y.count && gradient.count == y.count, "equal counts")
    nn_log_softmax_backward(
      y.baseAddress, upstream.baseAddress, gradient.baseAddress, Int64(y.count / classes), Int64(classes))
  }

  /// −log softmax at the label, a value for each row; a label outside 0 ..< classes is ignored (value, gradient 0).
  public static func crossEntropy(
    _ logits: UnsafeBufferPointer<Float>, labels: [Int32], weights: [Float]? = nil, classes: Int,
    values: UnsafeMutableBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    let rows = labels.count
    precondition(logits.count == rows * classes && gradient.count == logits.count && values.count == rows, "counts")
    precondition(weights == nil || weights?.count == rows, "one weight for each row")
    withOptional(weights) { weights in
      nn_cross_entropy(
        logits.baseAddress, labels, weights, values.baseAddress, gradient.baseAddress, Int64(rows), Int64(classes))
    }
  }

  /// Smooth L1 (Girshick, 2015, eq. 3, with `beta` > 0 as the width of the square part), element by element.
  public static func smoothL1(
    _ x: UnsafeBufferPointer<Float>, targets: [Float], weights: [Float]? = nil, beta: Float,
    values: UnsafeMutableBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    let count = x.count
    precondition(targets.count == count && values.count == count && gradient.count == count, "equal counts")
    precondition(weights == nil || weights?.count == count, "one weight for each element")
    withOptional(weights) { weights in
      nn_smooth_l1(x.baseAddress, targets, weights, beta, values.baseAddress, gradient.baseAddress, Int64(count))
    }
  }

  private static func withOptional(_ weights: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
    if let weights {
      weights.withUnsafeBufferPointer { body($0.baseAddress) }
    } else {
      body(nil)
    }
  }
}
