import COneDNN

/// A compiled oneDNN operation with its arguments, created once and executed every step.
final class Primitive {
  private let handle: dnnl_primitive_t
  private let engine: Engine
  private let layer: String
  private let call: String
  private let shapes: String
  private var arguments: [dnnl_exec_arg_t] = []
  private var memories: [Memory] = []

  init(_ descriptor: PrimitiveDescriptor, workspace: Workspace) throws(NetworkError) {
    var primitive: dnnl_primitive_t?
    let status = dnnl_primitive_create(&primitive, descriptor.handle)
    guard status == dnnl_success, let primitive else {
      throw .oneDNN(
        layer: descriptor.layer, call: "dnnl_primitive_create (\(descriptor.call))", shapes: descriptor.shapes,
        status: Int(status.rawValue))
    }
    handle = primitive
    engine = workspace.engine
    layer = descriptor.layer
    call = descriptor.call
    shapes = descriptor.shapes
    if let scratchpad = descriptor.layout(dnnl_query_scratchpad_md), scratchpad.ndims > 0 {
      let memory = try Memory(scratchpad, engine: engine, layer: layer)
      workspace.share(memory, .scratchpad)
      bind(DNNL_ARG_SCRATCHPAD, memory)
    }
  }

  deinit { dnnl_primitive_destroy(handle) }

  /// Adds an argument; the memory lives as long as the primitive.
  func bind(_ argument: Int32, _ memory: Memory) {
    arguments.append(dnnl_exec_arg_t(arg: argument, memory: memory.handle))
    memories.append(memory)
  }

  func execute() throws(NetworkError) {
    let status = dnnl_primitive_execute(handle, engine.stream, Int32(arguments.count), arguments)
    guard status == dnnl_success else {
      throw .oneDNN(
        layer: layer, call: "dnnl_primitive_execute (\(call))", shapes: shapes, status: Int(status.rawValue))
    }
  }
}

/// A chosen implementation of an operation: tells the layouts it wants.
final class PrimitiveDescriptor {
  let handle: dnnl_primitive_desc_t
  let layer: String
  let call: String
  let shapes: String

  init(_ handle: dnnl_primitive_desc_t, layer: String, call: String, shapes: String) {
    self.handle = handle
    self.layer = layer
    self.call = call
    self.shapes = shapes
  }

  deinit { dnnl_primitive_desc_destroy(handle) }

  /// The layout of one argument, or nil where the operation has none.
  func layout(_ query: dnnl_query_t) -> dnnl_memory_desc_t? {
    dnnl_primitive_desc_query_md(handle, query, 0)?.pointee
  }

  /// The layout of an argument the operation must have.
  func requiredLayout(_ query: dnnl_query_t) throws(NetworkError) -> dnnl_memory_desc_t {
    guard let layout = layout(query) else {
      throw .oneDNN(layer: layer, call: "dnnl_primitive_desc_query_md (\(call))", shapes: shapes, status: -1)
    }
    return layout
  }
}
