/// Boundaries of the classes of a label map, and what lies near them; time is linear in the pixels whatever the radius.
///
/// A pixel belongs to the boundary of its class where a pixel of its 3 × 3 window inside the image is not of that class
/// (an ignored one counts as such); the border of the image alone makes no boundary. Source: the evaluator of Auto
/// Seg-Loss (Li et al., ICLR 2021).
public struct LabelBoundaries: Sendable {
  public let height: Int
  public let width: Int
  private var dilation: WindowUnion

  public init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    dilation = WindowUnion(height: height, width: width)
  }

  /// Marks with 1 the pixels that lie on the boundary of their own class, with 0 all others.
  /// - Parameters:
  ///   - labels: height × width; labels at or above `classes` have no boundary of their own.
  ///   - dropsBackground: whether class 0 has none either.
  ///   - edges: height × width, overwritten.
  public func mark(
    _ labels: UnsafePointer<UInt8>, classes: Int, dropsBackground: Bool, into edges: UnsafeMutablePointer<UInt8>
  ) {
    let first = dropsBackground ? 1 : 0
    for row in 0..<height {
      let above = max(row - 1, 0)
      let below = min(row + 1, height - 1)
      for column in 0..<width {
        let place = row * width + column
        let label = labels[place]
        guard Int(label) >= first, Int(label) < classes else {
          edges[place] = 0
          continue
        }
        var differs = false
        for neighbour in above...below {
          let line = labels + neighbour * width
          differs =
            differs || line[max(column - 1, 0)] != label || line[column] != label
            || line[min(column + 1, width - 1)] != label
        }
        edges[place] = differs ? 1 : 0
      }
    }
  }

  /// Marks with 1 the pixels that have a marked one in their window of 2 · radius + 1 pixels a side.
  /// - Parameters:
  ///   - mask: height × width of 0 and 1; may be the same memory as `result`.
  ///   - radius: at least 0; 0 leaves the mask as it is.
  public mutating func dilate(
    _ mask: UnsafePointer<UInt8>, radius: Int, into result: UnsafeMutablePointer<UInt8>
  ) {
    dilation.dilate(mask, radius: radius, into: result)
  }
}

/// Union over square windows of sets, in two passes of one counter a line each.
struct WindowUnion: Sendable {
  let height: Int
  let width: Int
  /// How far above a marked pixel of the column lies, and the marks after the horizontal pass.
  private var distances: [Int32]
  private var rows: [UInt8]

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    distances = Array(repeating: 0, count: width)
    rows = Array(repeating: 0, count: height * width)
  }

  mutating func dilate(_ mask: UnsafePointer<UInt8>, radius: Int, into result: UnsafeMutablePointer<UInt8>) {
    let (height, width, radius) = (height, width, Int32(clamping: max(0, radius)))
    let far = Int32.max / 2
    rows.withUnsafeMutableBufferPointer { rows in
      for row in 0..<height {
        let (line, spread) = (mask + row * width, row * width)
        var distance = far
        for column in 0..<width {
          distance = line[column] != 0 ? 0 : distance + 1
          rows[spread + column] = distance <= radius ? 1 : 0
        }
        distance = far
        for column in stride(from: width - 1, through: 0, by: -1) {
          distance = line[column] != 0 ? 0 : distance + 1
          if distance <= radius { rows[spread + column] = 1 }
        }
      }
      distances.withUnsafeMutableBufferPointer { distances in
        distances.update(repeating: far)
        for row in 0..<height {
          for column in 0..<width {
            distances[column] = rows[row * width + column] != 0 ? 0 : distances[column] + 1
            result[row * width + column] = distances[column] <= radius ? 1 : 0
          }
        }
        distances.update(repeating: far)
        for row in stride(from: height - 1, through: 0, by: -1) {
          for column in 0..<width {
            distances[column] = rows[row * width + column] != 0 ? 0 : distances[column] + 1
            if distances[column] <= radius { result[row * width + column] = 1 }
          }
        }
      }
    }
  }
}
