import JSONValues

/// Named arrays with text about them, as safetensors lays them out: the length of a JSON header (8 bytes, little-endian),
/// the header, then the numbers without holes (Hugging Face, safetensors format 1).
public struct TensorFile: Sendable {
  /// One array of single-precision numbers in row-major order.
  public struct Tensor: Hashable, Sendable {
    public let name: String
    public let shape: [Int]
    public let values: [Float]

    /// `values` has as many numbers as the extents of `shape` multiply to.
    public init(name: String, shape: [Int], values: [Float]) {
      precondition(shape.reduce(1, *) == values.count, "tensor \(name): \(values.count) numbers for shape \(shape)")
      (self.name, self.shape, self.values) = (name, shape, values)
    }
  }

  /// Names of `metadata` and `tensors` are unique; in metadata, "checksum" is ours.
  public var metadata: [(name: String, text: String)]
  public var tensors: [Tensor]

  public init(metadata: [(name: String, text: String)], tensors: [Tensor]) {
    (self.metadata, self.tensors) = (metadata, tensors)
  }

  static let metadataKey = "__metadata__"
  static let checksumKey = "checksum"
  /// Longer headers are refused, as the original does.
  static let longestHeader = 100_000_000

  /// 128 bits in hexadecimal over names, shapes and bit patterns of all tensors.
  public var contentHash: String {
    var hasher = ContentHasher()
    combine(into: &hasher)
    return hasher.hexadecimal
  }

  /// Over the metadata, too: what a file states to show that it is whole.
  var checksum: String {
    var hasher = ContentHasher()
    for (name, text) in metadata {
      hasher.combine(name)
      hasher.combine(text)
    }
    combine(into: &hasher)
    return hasher.hexadecimal
  }

  private func combine(into hasher: inout ContentHasher) {
    for tensor in tensors {
      hasher.combine(tensor.name)
      hasher.combine(tensor.shape.count)
      for extent in tensor.shape { hasher.combine(extent) }
      tensor.values.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
  }

  /// The whole file; the same bytes for the same content.
  public func encoded() -> [UInt8] {
    let texts =
      metadata.map { JSONValue.Member($0.name, .string($0.text)) } + [
        .init(Self.checksumKey, .string(checksum))
      ]
    var members = [JSONValue.Member(Self.metadataKey, .object(texts))]
    var end = 0
    for tensor in tensors {
      let start = end
      end += 4 * tensor.values.count
      members.append(
        .init(
          tensor.name,
          [
            "dtype": "F32", "shape": .array(tensor.shape.map { .int($0) }),
            "data_offsets": [.int(start), .int(end)],
          ]))
    }
    var header = Array(JSONValue.object(members).description.utf8)
    // Blanks, so that the numbers begin at a multiple of 8.
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + end)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    for tensor in tensors { tensor.values.withUnsafeBytes { bytes += $0 } }
    return bytes
  }

  /// The text of that name, or nil.
  public func text(_ name: String) -> String? { metadata.first { $0.name == name }?.text }

  /// The tensor of that name, or nil.
  public func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }
}
