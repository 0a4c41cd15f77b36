import JSONValues

/// A COCO `segmentation`: polygons, uncompressed run lengths or compressed ones.
struct Segmentation {
  let entry: JSONEntry
  /// What the ground truth says of the image's size in pixels.
  let image: PictureSize

  /// - Throws: `malformedEntry` naming the key; also where the mask's size is not that of the image.
  func mask() throws(DatasetError) -> InstanceMask {
    switch entry.value {
    case .array: try polygons()
    case .object: try runs()
    case .null, .bool, .int, .double, .string:
      throw entry.error("", "is \(entry.value.kind), expected polygons or {size, counts}")
    }
  }

  private func polygons() throws(DatasetError) -> InstanceMask {
    var polygons: [[Double]] = []
    for polygon in try entry.elements() { polygons.append(try corners(polygon)) }
    guard !polygons.isEmpty else { throw entry.error("", "holds no polygon") }
    return InstanceMask(width: image.width, height: image.height, polygons: polygons)
  }

  private func corners(_ polygon: JSONEntry) throws(DatasetError) -> [Double] {
    guard case .array(let values) = polygon.value else {
      throw polygon.error("", "is \(polygon.value.kind), expected x, y, x, y …")
    }
    guard values.count % 2 == 0 else {
      throw polygon.error("", "\(values.count) numbers, expected an even count (x, y, x, y …)")
    }
    guard values.count >= 6 else {
      throw polygon.error("", "\(values.count / 2) corner\(values.count == 2 ? "" : "s"), a polygon has at least 3")
    }
    var numbers: [Double] = []
    numbers.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard value.string == nil, let number = value.number else {
        throw polygon.error("", "number \(index + 1) is \(value.kind), expected a number")
      }
      guard abs(number) <= InstanceMask.largestCoordinate else {
        throw polygon.error("", "number \(index + 1) is \(number), too far from the image")
      }
      numbers.append(number)
    }
    return numbers
  }

  private func runs() throws(DatasetError) -> InstanceMask {
    let size = try entry.required("size", "2 integers (height, width)").elements()
    guard size.count == 2 else { throw entry.error("size", "\(size.count) numbers, expected 2 (height, width)") }
    let (height, width) = (try size[0].integer(), try size[1].integer())
    guard height == image.height, width == image.width else {
      throw entry.error(
        "size", "\(height) x \(width) (height x width), its image is \(image.height) x \(image.width)")
    }
    let counts = try entry.required("counts", "run lengths, a list or a text")
    switch counts.value {
    case .string(let text): return try compressed(text, counts)
    case .array(let values): return try uncompressed(values, counts)
    case .null, .bool, .int, .double, .object:
      throw counts.error("", "is \(counts.value.kind), expected a list or a text")
    }
  }

  private func compressed(_ text: String, _ counts: JSONEntry) throws(DatasetError) -> InstanceMask {
    do throws(InstanceMask.CompressionError) {
      return try InstanceMask(width: image.width, height: image.height, compressed: text.utf8)
    } catch {
      throw counts.error("", error.description)
    }
  }

  private func uncompressed(_ values: [JSONValue], _ counts: JSONEntry) throws(DatasetError) -> InstanceMask {
    var runs: [Int] = []
    runs.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard value.string == nil, let run = value.number.flatMap(Int.init(exactly:)), run >= 0 else {
        throw counts.error("", "run \(index + 1) is \(value.kind), expected an integer of at least 0")
      }
      runs.append(run)
    }
    guard let mask = InstanceMask(width: image.width, height: image.height, counts: runs) else {
      throw counts.error("", InstanceMask.CompressionError.sum(height: image.height, width: image.width).description)
    }
    return mask
  }
}

/// Width and height of a picture in pixels; at least 1 and no more than a mask can have.
public struct PictureSize: Hashable, Sendable {
  public let width: Int
  public let height: Int

  /// Nil for a size that no picture has.
  public init?(width: Int, height: Int) {
    guard min(width, height) >= 1, InstanceMask.isPossible(width: width, height: height) else { return nil }
    (self.width, self.height) = (width, height)
  }
}
