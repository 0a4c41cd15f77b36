import CKernels

/// Boundaries of the classes of a label map, and what lies near them, as sets of up to 64 classes, one word a pixel.
///
/// A pixel belongs to the boundary of its class where a pixel of its 3 × 3 window inside the image is not of that class
/// (an ignored one counts as such); the border of the image alone makes no boundary. Time is linear in the pixels whatever
/// the radius (van Herk 1992; Gil and Werman 1993). Source of the definition: the evaluator of Auto Seg-Loss (Li et al.,
/// ICLR 2021). An instance owns its working memory, so it belongs to one worker.
public final class LabelBoundaries {
  /// The classes that fit one word.
  public static let classesInAWord = 64

  private let room = WorkingMemory<UInt64>()

  public init() {}

  /// Sets bit `label − classes.lowerBound` at the boundary pixels of these classes; all other bits are 0.
  /// - Parameters:
  ///   - labels: height × width.
  ///   - classes: at most 64 of them.
  ///   - sets: height × width, overwritten.
  public func mark(
    _ labels: UnsafePointer<UInt8>, height: Int, width: Int, classes: Range<Int>,
    into sets: UnsafeMutablePointer<UInt64>
  ) {
    let end = min(classes.upperBound, classes.lowerBound + Self.classesInAWord)
    segment_boundaries(labels, Int64(height), Int64(width), Int32(classes.lowerBound), Int32(end), 1, sets)
  }

  /// Sets bit 0 at the boundary pixels of any of these classes, however many they are.
  public func markAny(
    _ labels: UnsafePointer<UInt8>, height: Int, width: Int, classes: Range<Int>,
    into sets: UnsafeMutablePointer<UInt64>
  ) {
    segment_boundaries(
      labels, Int64(height), Int64(width), Int32(classes.lowerBound), Int32(classes.upperBound), 0, sets)
  }

  /// The union of the sets in each pixel's window of 2 · radius + 1 pixels a side.
  /// - Parameters:
  ///   - sets: height × width; may be the same memory as `result`.
  ///   - radius: at least 0; 0 leaves the sets as they are.
  public func dilate(
    _ sets: UnsafePointer<UInt64>, height: Int, width: Int, radius: Int, into result: UnsafeMutablePointer<UInt64>
  ) {
    let (height, width, radius) = (Int64(height), Int64(width), Int64(max(0, radius)))
    let words = segment_window_room(height, width, radius)
    segment_window_union(sets, height, width, radius, result, room.reserve(Int(words)))
  }
}
