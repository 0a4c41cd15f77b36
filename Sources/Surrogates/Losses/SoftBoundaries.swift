import CKernels
import Losses

/// The soft boundaries of a batch, plane by plane: one class of one image.
///
/// Slopes are kept until the sums over all images are known. Rows of planes are padded to whole vectors.
final class SoftBoundaries {
  private let tolerance: Int
  private let level: Int32
  private var plane = segment_plane(height: 0, width: 0, stride: 0)
  private var shape: LabelMapShape?
  private var keepsSlopes = false
  private let edge = WorkingMemory<Float>()
  private let byProbability = WorkingMemory<Float>()
  private let byLeast = WorkingMemory<Float>()
  private let places = WorkingMemory<UInt8>()
  private let room = WorkingMemory<Float>()
  private let keys = WorkingMemory<UInt64>()
  private let columns = WorkingMemory<UInt64>()
  private let row = WorkingMemory<UInt64>()
  private let words = WorkingMemory<UInt64>()

  init(tolerance: Int, level: Int32) { (self.tolerance, self.level) = (tolerance, level) }

  func prepare(_ shape: LabelMapShape, keepsSlopes: Bool) {
    let stride = (shape.width + 15) / 16 * 16
    plane = segment_plane(height: Int64(shape.height), width: Int64(shape.width), stride: Int64(stride))
    (self.shape, self.keepsSlopes) = (shape, keepsSlopes)
  }

  private var planeCount: Int { Int(plane.height * plane.stride) }
  private var pixels: Int { Int(plane.height * plane.width) }

  /// Where the slopes of a plane are kept; all in one place where they are not.
  private func slopes(
    image: Int, label: Int
  ) -> (
    byProbability: UnsafeMutablePointer<Float>, byLeast: UnsafeMutablePointer<Float>,
    places: UnsafeMutablePointer<UInt8>
  ) {
    let classes = shape?.classes ?? 0
    let planes = keepsSlopes ? (shape?.images ?? 0) * classes : 1
    let offset = (keepsSlopes ? image * classes + label : 0) * planeCount
    return (
      byProbability.reserve(planes * planeCount) + offset, byLeast.reserve(planes * planeCount) + offset,
      places.reserve(planes * planeCount) + offset
    )
  }

  /// Adds a plane to the sums of its class, and turns the label's boundary pixels into the places of the largest soft
  /// boundary near each.
  func add(
    _ probabilities: UnsafePointer<Float>, image: Int, label: Int, curves: UnsafePointer<segment_curve>,
    labels: BoundaryLabels, to sums: inout BoundaryLoss.ClassSums
  ) {
    let slopes = slopes(image: image, label: label)
    let edge = edge.reserve(planeCount)
    let room = room.reserve(Int(segment_plane_room(&plane)))
    let p = probabilities + (image * (shape?.classes ?? 0) + label) * pixels
    segment_edges(level, &plane, curves, p, edge, slopes.byProbability, slopes.byLeast, slopes.places, room)
    let near = labels.near(image: image, label: label)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2) { found in
      found.initialize(repeating: 0)
      segment_edge_sums(level, &plane, edge, near.words, near.bit, found.baseAddress)
      sums.near += found[0]
      sums.all += found[1]
    }
    sums.found += findLargest(edge, near: labels.places(image: image, label: label))
  }

  /// Replaces each place by that of the largest number within the tolerance, the first by rows among equals; gives their sum.
  private func findLargest(_ edge: UnsafePointer<Float>, near places: UnsafeMutableBufferPointer<UInt32>) -> Double {
    guard !places.isEmpty else { return 0 }
    let (height, width) = (plane.height, plane.width)
    let (keys, columns) = (keys.reserve(pixels), columns.reserve(pixels))
    let row = row.reserve(Int(width))
    let words = words.reserve(Int(segment_window_room(height, width, Int64(tolerance))))
    segment_keys(level, &plane, edge, keys)
    segment_column_largest(keys, height, width, Int64(tolerance), columns, words)
    var sum = 0.0
    var current: Int?
    for index in places.indices {
      let (y, x) = Int(places[index]).quotientAndRemainder(dividingBy: Int(width))
      if y != current {
        segment_row_largest(columns + y * Int(width), width, Int64(tolerance), row, words)
        current = y
      }
      let place = Int(segment_key_place(row[x]))
      places[index] = UInt32(truncatingIfNeeded: place)
      sum += Double(edge[paddedPlace(place)])
    }
    return sum
  }

  private func paddedPlace(_ place: Int) -> Int {
    let (y, x) = place.quotientAndRemainder(dividingBy: Int(plane.width))
    return y * Int(plane.stride) + x
  }

  /// Writes the gradient with respect to the probabilities of a plane.
  func handBack(
    _ by: BoundarySlopes, image: Int, label: Int, labels: BoundaryLabels, to gradient: UnsafeMutablePointer<Float>
  ) {
    let slopes = slopes(image: image, label: label)
    let edge = edge.reserve(planeCount)
    let near = labels.near(image: image, label: label)
    segment_edge_gradients(level, &plane, near.words, near.bit, by.all, by.near, edge)
    for place in labels.places(image: image, label: label) { edge[paddedPlace(Int(place))] += by.found }
    segment_edges_backward(
      level, &plane, edge, slopes.byProbability, slopes.byLeast, slopes.places,
      gradient + (image * (shape?.classes ?? 0) + label) * pixels, room.reserve(Int(segment_plane_room(&plane))))
  }
}
