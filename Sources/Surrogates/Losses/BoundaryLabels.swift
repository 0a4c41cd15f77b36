import Losses

/// The boundary pixels of the labels of a batch, class by class, and what lies within the tolerance of them.
final class BoundaryLabels {
  private let tolerance: Int
  private let boundaries = LabelBoundaries()
  private let marked = WorkingMemory<UInt64>()
  private let nearby = WorkingMemory<UInt64>()
  private let placeMemory = WorkingMemory<UInt32>()
  private let startMemory = WorkingMemory<Int>()
  private var (first, end, images, pixels, groups) = (0, 0, 0, 0, 0)

  init(tolerance: Int) { self.tolerance = tolerance }

  /// Reads a batch, of which the classes outside the range have no boundary.
  func read(_ labels: UnsafePointer<UInt8>, _ shape: LabelMapShape, classes: Range<Int>) {
    (first, end, images, pixels) = (classes.lowerBound, classes.upperBound, shape.images, shape.pixels)
    groups = (classes.count + LabelBoundaries.classesInAWord - 1) / LabelBoundaries.classesInAWord
    let sets = marked.reserve(pixels * max(1, groups))
    let near = nearby.reserve(images * groups * pixels)
    let starts = startMemory.reserve(images * end + 1)
    starts.update(repeating: 0, count: images * end + 1)
    let places = placeMemory.reserve(shape.labelCount)
    var next = 0
    for image in 0..<images {
      let map = labels + image * pixels
      for group in 0..<groups {
        let range = (first + group * LabelBoundaries.classesInAWord)..<end
        let set = sets + group * pixels
        boundaries.mark(map, height: shape.height, width: shape.width, classes: range, into: set)
        boundaries.dilate(
          set, height: shape.height, width: shape.width, radius: tolerance,
          into: near + (image * groups + group) * pixels)
      }
      next = sort(map, sets, image: image, from: next, places: places, starts: starts)
    }
    starts[images * end] = next
  }

  /// Sorts the boundary pixels of one image by class, keeping their order; gives where the next image begins.
  private func sort(
    _ map: UnsafePointer<UInt8>, _ sets: UnsafePointer<UInt64>, image: Int, from start: Int,
    places: UnsafeMutablePointer<UInt32>, starts: UnsafeMutablePointer<Int>
  ) -> Int {
    let own = starts + image * end
    for place in 0..<pixels where isMarked(place, map, sets) { own[Int(map[place])] += 1 }
    var next = start
    for label in 0..<end { (own[label], next) = (next, next + own[label]) }
    for place in 0..<pixels where isMarked(place, map, sets) {
      let label = Int(map[place])
      places[own[label]] = UInt32(truncatingIfNeeded: place)
      own[label] += 1
    }
    // Each start has moved to the end of its class, which is where the next begins.
    for label in stride(from: end - 1, to: 0, by: -1) { own[label] = own[label - 1] }
    if end > 0 { own[0] = start }
    return next
  }

  private func isMarked(_ place: Int, _ map: UnsafePointer<UInt8>, _ sets: UnsafePointer<UInt64>) -> Bool {
    let label = Int(map[place])
    guard label >= first, label < end else { return false }
    return sets[(label - first) / LabelBoundaries.classesInAWord * pixels + place] != 0
  }

  /// The boundary pixels of a class in all images.
  func count(of label: Int) -> Int { (0..<images).reduce(0) { $0 + places(image: $1, label: label).count } }

  /// The boundary pixels (row · width + column) of a class in an image, in order; a reader may replace them.
  func places(image: Int, label: Int) -> UnsafeMutableBufferPointer<UInt32> {
    let starts = startMemory.reserve(images * end + 1)
    let start = starts[image * end + label]
    let count = starts[image * end + label + 1] - start
    return UnsafeMutableBufferPointer(start: placeMemory.reserve(images * pixels) + start, count: count)
  }

  /// Words whose bit says that a pixel lies within the tolerance of the class's boundary.
  func near(image: Int, label: Int) -> (words: UnsafePointer<UInt64>, bit: Int32) {
    let (group, bit) = (label - first).quotientAndRemainder(dividingBy: LabelBoundaries.classesInAWord)
    let words = nearby.reserve(images * groups * pixels) + (image * groups + group) * pixels
    return (UnsafePointer(words), Int32(bit))
  }
}
