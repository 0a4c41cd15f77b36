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

  /// Images remembered; then all are forgotten. Some 50 KB an image of 160 × 120.
  private static let capacity = 2000

  private let assigner: MaxIoUAssigner
  private let anchors: [BoundingBox]
  private var known: [Scene: Matches] = [:]

  init(assigner: MaxIoUAssigner, anchors: [BoundingBox]) {
    (self.assigner, self.anchors) = (assigner, anchors)
  }

  /// The matches of an image with these objects and ignored regions.
  func matches(_ boxes: [BoundingBox], ignored: [BoundingBox]) -> Matches {
    let scene = Scene(boxes: boxes, ignored: ignored)
    if let matches = known[scene] { return matches }
    let found = assigner.assign(anchors, groundTruths: boxes, ignored: ignored).matches
    let objects = found.indices.filter { found[$0].groundTruth != nil }
    let truths = objects.compactMap { anchor in found[anchor].groundTruth.map { (anchor, $0) } }
    let matches = Matches(
      objects: objects, groundTruths: Dictionary(uniqueKeysWithValues: truths),
      background: found.indices.filter { found[$0] == .background })
    if known.count >= Self.capacity { known.removeAll() }
    known[scene] = matches
    return matches
  }
}
