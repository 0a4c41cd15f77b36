import COneDNN

extension Primitive {
  /// Copies between two layouts of the same extents; with `adding` the result is added to what is there.
  static func reorder(
    from source: Memory, to target: Memory, adding: Bool = false, layer: String, workspace: Workspace
  ) throws(NetworkError) -> Primitive {
    var attributes: dnnl_primitive_attr_t?
    try Engine.check(dnnl_primitive_attr_create(&attributes), layer, "dnnl_primitive_attr_create", "")
    defer { dnnl_primitive_attr_destroy(attributes) }
    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user)
    if adding {
      var operations: dnnl_post_ops_t?
      try Engine.check(dnnl_post_ops_create(&operations), layer, "dnnl_post_ops_create", "")
      defer { dnnl_post_ops_destroy(operations) }
      try Engine.check(dnnl_post_ops_append_sum(operations, 1), layer, "dnnl_post_ops_append_sum", "")
      try Engine.check(
        dnnl_primitive_attr_set_post_ops(attributes, operations), layer, "dnnl_primitive_attr_set_post_ops", "")
    }
    var (from, to) = (source.layout, target.layout)
    let engine = workspace.engine.handle
    var handle: dnnl_primitive_desc_t?
    let status = dnnl_reorder_primitive_desc_create(&handle, &from, engine, &to, engine, attributes)
    guard status == dnnl_success, let handle else {
      throw .oneDNN(
        layer: layer, call: "dnnl_reorder_primitive_desc_create", shapes: "weights", status: Int(status.rawValue))
    }
    let descriptor = PrimitiveDescriptor(handle, layer: layer, call: "reorder", shapes: "weights")
    let primitive = try Primitive(descriptor, workspace: workspace)
    primitive.bind(DNNL_ARG_SRC, source)
    primitive.bind(DNNL_ARG_DST, target)
    return primitive
  }
}
