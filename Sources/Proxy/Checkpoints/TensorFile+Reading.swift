import Foundation
import JSONValues

/// Reading is strict: everything that the format forbids is an error that names the place.
extension TensorFile {
  /// - Parameter name: what messages call the file; its path by default.
  /// - Throws: `CheckpointError`.
  public init(contentsOf url: URL, name: String? = nil) throws(CheckpointError) {
    let path = name ?? url.path
    let bytes: [UInt8]
    do throws(DatasetError) {
      bytes = try FileBytes.read(url, name: path)
    } catch {
      guard case .fileUnreadable(_, let reason) = error else {
        throw .unreadable(path: path, reason: error.description)
      }
      throw .unreadable(path: path, reason: reason)
    }
    try self.init(decoding: bytes, path: path)
  }

  /// - Throws: `CheckpointError.damaged`.
  public init(decoding bytes: [UInt8], path: String) throws(CheckpointError) {
    let reader = TensorFileReader(bytes: bytes, path: path)
    let header = try reader.header()
    self.init(metadata: try reader.metadata(header.members), tensors: [])
    tensors = try reader.tensors(header.members, dataStart: header.end)
    if let stated = text(Self.checksumKey) {
      metadata.removeAll { $0.name == Self.checksumKey }
      guard stated == checksum else {
        throw reader.failure("metadata '\(Self.checksumKey)'", "the content is not what was written")
      }
    }
  }
}

/// The parts of one file; that no name stands twice the JSON reader sees to.
private struct TensorFileReader {
  let bytes: [UInt8]
  let path: String

  /// The element types of the format, with their bytes; we use F32 alone.
  private static let elementBytes = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
    "U32": 4,
    "F32": 4, "F64": 8, "I64": 8, "U64": 8,
  ]

  func failure(_ place: String, _ problem: String) -> CheckpointError {
    .damaged(path: path, place: place, problem: problem)
  }

  func header() throws(CheckpointError) -> (members: [JSONValue.Member], end: Int) {
    guard bytes.count >= 8 else {
      throw failure("header", "the file has \(bytes.count) bytes, its length alone takes 8")
    }
    let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= TensorFile.longestHeader else {
      throw failure("header", "its stated length is \(length) bytes, at most \(TensorFile.longestHeader) are read")
    }
    let end = 8 + Int(length)
    guard end <= bytes.count else {
      throw failure("header", "its stated length is \(length) bytes, the file ends after \(bytes.count - 8)")
    }
    guard length > 0, bytes[8] == UInt8(ascii: "{") else { throw failure("header", "does not begin with '{'") }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: Array(bytes[8..<end]))
    } catch {
      throw failure("header", "\(error)")
    }
    guard let members = value.members else { throw failure("header", "is \(value.kind), expected an object") }
    return (members, end)
  }

  func metadata(_ members: [JSONValue.Member]) throws(CheckpointError) -> [(name: String, text: String)] {
    guard let value = members.first(where: { $0.name == TensorFile.metadataKey })?.value else { return [] }
    guard let pairs = value.members else { throw failure("metadata", "is \(value.kind), expected an object") }
    var found: [(name: String, text: String)] = []
    for pair in pairs {
      let place = "metadata '\(pair.name)'"
      guard let text = pair.value.string else { throw failure(place, "is \(pair.value.kind), expected a text") }
      found.append((pair.name, text))
    }
    return found
  }

  func tensors(_ members: [JSONValue.Member], dataStart: Int) throws(CheckpointError) -> [TensorFile.Tensor] {
    let available = bytes.count - dataStart
    var entries: [Entry] = []
    for member in members where member.name != TensorFile.metadataKey {
      entries.append(try entry(member, available: available))
    }
    var end = 0
    var last = ""
    for entry in entries.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      let place = "tensor '\(entry.name)'"
      if entry.start < end { throw failure(place, "its data_offsets overlap those of '\(last)'") }
      if entry.start > end { throw failure(place, "\(entry.start - end) bytes before its data belong to no tensor") }
      (end, last) = (entry.end, entry.name)
    }
    guard end == available else { throw failure("data", "\(available - end) bytes at the end belong to no tensor") }
    return entries.map { entry in
      let values = bytes.withUnsafeBytes { bytes in
        (0..<(entry.end - entry.start) / 4).map {
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(
                fromByteOffset: dataStart + entry.start + 4 * $0, as: UInt32.self)))
        }
      }
      return TensorFile.Tensor(name: entry.name, shape: entry.shape, values: values)
    }
  }

  private struct Entry {
    let name: String
    let shape: [Int]
    let start, end: Int
  }

  private func entry(_ member: JSONValue.Member, available: Int) throws(CheckpointError) -> Entry {
    let place = "tensor '\(member.name)'"
    guard let keys = member.value.members else { throw failure(place, "is \(member.value.kind), expected an object") }
    guard Set(keys.map(\.name)) == ["dtype", "shape", "data_offsets"], keys.count == 3 else {
      throw failure(place, "needs the keys dtype, shape and data_offsets and no others")
    }
    guard let type = member.value["dtype"].string, let size = Self.elementBytes[type] else {
      throw failure(place, "dtype is \(member.value["dtype"].kind), expected one such as \"F32\"")
    }
    guard size == 4, type == "F32" else { throw failure(place, "dtype is \(type), only F32 is read") }
    let shape = try naturals(member.value["shape"], "shape", place)
    let offsets = try naturals(member.value["data_offsets"], "data_offsets", place)
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw failure(place, "data_offsets are \(offsets), expected a begin and an end not below it")
    }
    guard offsets[1] <= available else {
      throw failure(place, "its data ends at byte \(offsets[1]), the file has \(available) bytes of data")
    }
    var count = size
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard !overflows else { throw failure(place, "shape \(shape) is too large") }
      count = product
    }
    guard offsets[1] - offsets[0] == count else {
      throw failure(place, "shape \(shape) takes \(count) bytes, data_offsets give \(offsets[1] - offsets[0])")
    }
    return Entry(name: member.name, shape: shape, start: offsets[0], end: offsets[1])
  }

  private func naturals(_ value: JSONValue, _ key: String, _ place: String) throws(CheckpointError) -> [Int] {
    guard let elements = value.elements else { throw failure(place, "\(key) is \(value.kind), expected an array") }
    var numbers: [Int] = []
    for element in elements {
      guard case .int(let number) = element, number >= 0 else {
        throw failure(place, "\(key) holds \(element.kind), expected whole numbers from 0")
      }
      numbers.append(number)
    }
    return numbers
  }
}
