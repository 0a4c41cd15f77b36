/// What the second stage says of each region and where the losses' gradients go; rows are regions. The caller owns the memory.
public struct BoxHeadOutputs {
  /// Number of classes without the background.
  public let classes: Int
  /// rows × (classes + 1); the last column is the background.
  public let logits: UnsafeMutableBufferPointer<Float>
  public let logitsGradient: UnsafeMutableBufferPointer<Float>
  /// rows × 4 · classes, for each class dx, dy, dw, dh normalised by `DeltaCoder.secondStage`.
  public let deltas: UnsafeMutableBufferPointer<Float>
  public let deltasGradient: UnsafeMutableBufferPointer<Float>

  public init(
    classes: Int, logits: UnsafeMutableBufferPointer<Float>, logitsGradient: UnsafeMutableBufferPointer<Float>,
    deltas: UnsafeMutableBufferPointer<Float>, deltasGradient: UnsafeMutableBufferPointer<Float>
  ) {
    self.classes = classes
    (self.logits, self.logitsGradient) = (logits, logitsGradient)
    (self.deltas, self.deltasGradient) = (deltas, deltasGradient)
  }

  /// The classes + 1 logits of one region.
  func logits(row: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: logits[(row * (classes + 1))..<((row + 1) * (classes + 1))])
  }

  /// The 4 · classes deltas of one region.
  func deltas(row: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: deltas[(row * 4 * classes)..<((row + 1) * 4 * classes)])
  }

  /// The deltas of one class of one region.
  func deltas(row: Int, label: Int) -> BoxDeltas {
    let place = 4 * (row * classes + label)
    return BoxDeltas(
      dx: deltas[place], dy: deltas[place + 1], dw: deltas[place + 2], dh: deltas[place + 3])
  }

  /// Writes the gradient of the deltas of one class of one region.
  func setDeltasGradient(row: Int, label: Int, _ gradient: BoxDeltas) {
    let place = 4 * (row * classes + label)
    deltasGradient[place] = gradient.dx
    deltasGradient[place + 1] = gradient.dy
    deltasGradient[place + 2] = gradient.dw
    deltasGradient[place + 3] = gradient.dh
  }

  /// Sets both gradients to zero.
  func clearGradients() {
    logitsGradient.update(repeating: 0)
    deltasGradient.update(repeating: 0)
  }
}
