/// What the second stage says of each region and where the losses' gradients go; rows are regions. The caller owns the memory.
public struct BoxHeadOutputs {
  /// Number of classes without the background.
  public let classes: Int
  /// rows × (classes + 1); the last column is the background.
  public let logits: UnsafeMutableBufferPointer<Float>
  public let logitsGradient: UnsafeMutableBufferPointer<Float>
  /// Whether one box serves all classes (Cascade R-CNN).
  public let isClassAgnostic: Bool
  /// rows × 4 · boxes, for each class (or once) normalised dx, dy, dw, dh.
  public let deltas: UnsafeMutableBufferPointer<Float>
  public let deltasGradient: UnsafeMutableBufferPointer<Float>

  public init(
    classes: Int, logits: UnsafeMutableBufferPointer<Float>, logitsGradient: UnsafeMutableBufferPointer<Float>,
    deltas: UnsafeMutableBufferPointer<Float>, deltasGradient: UnsafeMutableBufferPointer<Float>,
    isClassAgnostic: Bool = false
  ) {
    (self.classes, self.isClassAgnostic) = (classes, isClassAgnostic)
    (self.logits, self.logitsGradient) = (logits, logitsGradient)
    (self.deltas, self.deltasGradient) = (deltas, deltasGradient)
  }

  /// The classes + 1 logits of one region.
  func logits(row: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: logits[(row * (classes + 1))..<((row + 1) * (classes + 1))])
  }

  /// Boxes of a region.
  var boxes: Int { isClassAgnostic ? 1 : classes }

  /// The deltas of one class of one region.
  func deltas(row: Int, label: Int) -> BoxDeltas {
    let place = place(row: row, label: label)
    return BoxDeltas(
      dx: deltas[place], dy: deltas[place + 1], dw: deltas[place + 2], dh: deltas[place + 3])
  }

  /// Writes the gradient of the deltas of one class of one region.
  func setDeltasGradient(row: Int, label: Int, _ gradient: BoxDeltas) {
    let place = place(row: row, label: label)
    deltasGradient[place] = gradient.dx
    deltasGradient[place + 1] = gradient.dy
    deltasGradient[place + 2] = gradient.dw
    deltasGradient[place + 3] = gradient.dh
  }

  private func place(row: Int, label: Int) -> Int { 4 * (isClassAgnostic ? row : row * classes + label) }

  /// Sets both gradients to zero.
  func clearGradients() {
    logitsGradient.update(repeating: 0)
    deltasGradient.update(repeating: 0)
  }
}
