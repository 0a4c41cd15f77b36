import COneDNN
import Tensors

/// A oneDNN view of float memory: a layout, and the address it lies at.
final class Memory {
  let handle: dnnl_memory_t
  let layout: dnnl_memory_desc_t
  private var owner: AlignedBuffer?
  /// Where it lies; nil before `place`.
  private(set) var pointer: UnsafeMutablePointer<Float>?

  /// A view without an address yet.
  init(_ layout: dnnl_memory_desc_t, engine: Engine, layer: String) throws(NetworkError) {
    var layout = layout
    var memory: dnnl_memory_t?
    let status = dnnl_memory_create(&memory, &layout, engine.handle, nil)
    guard status == dnnl_success, let memory else {
      throw .oneDNN(layer: layer, call: "dnnl_memory_create", shapes: "", status: Int(status.rawValue))
    }
    handle = memory
    self.layout = layout
  }

  deinit { dnnl_memory_destroy(handle) }

  /// A view of memory of its own, zeroed.
  static func owned(_ layout: dnnl_memory_desc_t, engine: Engine, layer: String) throws(NetworkError) -> Memory {
    let memory = try Memory(layout, engine: engine, layer: layer)
    let buffer = AlignedBuffer(count: (memory.bytes + 3) / 4)
    memory.owner = buffer
    memory.place(at: buffer.pointer)
    return memory
  }

  /// The bytes the layout needs.
  var bytes: Int {
    var layout = layout
    return Int(dnnl_memory_desc_get_size(&layout))
  }

  func place(at pointer: UnsafeMutablePointer<Float>) {
    self.pointer = pointer
    dnnl_memory_set_data_handle(handle, pointer)
  }

  func hasSameLayout(as other: dnnl_memory_desc_t) -> Bool {
    var (left, right) = (layout, other)
    return dnnl_memory_desc_equal(&left, &right) != 0
  }

  /// A plain layout: extents in oneDNN's logical order (images, channels, rows, columns) and how they lie in memory.
  static func layout(_ extents: [Int], _ tag: dnnl_format_tag_t, layer: String) throws(NetworkError)
    -> dnnl_memory_desc_t
  {
    var layout = dnnl_memory_desc_t()
    let padded = Memory.padded(extents)
    let status = dnnl_memory_desc_init_by_tag(&layout, Int32(extents.count), padded, dnnl_f32, tag)
    try Engine.check(status, layer, "dnnl_memory_desc_init_by_tag", "\(extents)")
    return layout
  }

  /// The layout of activations: NHWC, or blocks of 16 channels (the channels must divide).
  static func images(_ shape: TensorShape, blocked: Bool, layer: String) throws(NetworkError) -> dnnl_memory_desc_t {
    let extents = [shape.batch, shape.channels, shape.height, shape.width]
    return try layout(extents, blocked ? dnnl_nChw16c : dnnl_nhwc, layer: layer)
  }

  /// oneDNN reads all twelve places of an extent array.
  static func padded(_ extents: [Int]) -> [Int64] {
    extents.map(Int64.init) + Array(repeating: 0, count: max(0, 12 - extents.count))
  }
}
