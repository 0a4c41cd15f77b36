/// Matches anchors to the objects of images, and remembers the matches of images seen before.
///
/// Anchors and boxes decide a match alone, so a remembered one equals a fresh one; matching again at every step of every
/// candidate would take a tenth of the training.
final class AnchorMatching {
  /// The anchors of one image that may take part in a loss.
  struct Matches {
    /// Rising indices of the anchors that show an object.
    let objects: [Int]
    /// The ground truth of each of them.
    let groundTruths: [Int: Int]
    /// Rising indices of the anchors that show none.
    let background: [Int]
  }

  private struct Scene: Hashable {
    let boxes: [BoundingBox]
    let ignored: [BoundingBox]
  }

  /// Images remembered; then all are forgotten. Some 50 KB an image of 160 × 120, more in proportion to the area.
  private static let capacity = 2000

  private let assigner: MaxIoUAssigner
  private let anchors: [BoundingBox]
  private var known: [Scene: Matches] = [:]

  init(assigner: MaxIoUAssigner, anchors: [BoundingBox]) {
    (self.assigner, self.anchors) = (assigner, anchors)
  }

  /// The matches of an image with these objects and ignored regions.
  ///
  /// - Parameter recurs: whether the same image may come again.
  func matches(_ boxes: [BoundingBox], ignored: [BoundingBox], recurs: Bool) -> Matches {
    guard recurs else { return fresh(boxes, ignored: ignored) }
    let scene = Scene(boxes: boxes, ignored: ignored)
    if let matches = known[scene] { return matches }
    let matches = fresh(boxes, ignored: ignored)
    if known.count >= Self.capacity { known.removeAll() }
    known[scene] = matches
    return matches
  }

  private func fresh(_ boxes: [BoundingBox], ignored: [BoundingBox]) -> Matches {
    let found = assigner.assign(anchors, groundTruths: boxes, ignored: ignored).matches
    let objects = found.indices.filter { found[$0].groundTruth != nil }
    let truths = objects.compactMap { anchor in found[anchor].groundTruth.map { (anchor, $0) } }
    return Matches(
      objects: objects, groundTruths: Dictionary(uniqueKeysWithValues: truths),
      background: found.indices.filter { found[$0] == .background })
  }
}
