import COneDNN
import Tensors

/// Describes one convolution to oneDNN: data in NHWC or in blocks, weights in whatever layout the implementation wants.
struct ConvolutionDescriptors {
  let input: TensorShape
  let output: TensorShape
  let geometry: ConvolutionGeometry
  let hasBias: Bool
  /// Winograd's algorithm instead of the direct one.
  let winograd: Bool
  /// Data in blocks of 16 channels instead of NHWC.
  let blocked: Bool
  let layer: String
  let engine: Engine

  private var algorithm: dnnl_alg_kind_t { winograd ? dnnl_convolution_winograd : dnnl_convolution_direct }
  private var shapes: String {
    "\(input) -> \(output), kernel \(geometry.kernel), stride \(geometry.stride), padding \(geometry.padding)"
  }
  private var weightExtents: [Int] {
    [output.channels, input.channels, geometry.kernel.height, geometry.kernel.width]
  }
  private var strides: [Int64] { Memory.padded([geometry.stride.height, geometry.stride.width]) }
  /// oneDNN counts dilation from 0.
  private var dilates: [Int64] { Memory.padded([geometry.dilation.height - 1, geometry.dilation.width - 1]) }
  private var before: [Int64] { Memory.padded([geometry.padding.height, geometry.padding.width]) }

  /// Padding below and right so that the output extents are exactly ours; the division's rest may make it smaller.
  private var after: [Int64] {
    func rest(_ input: Int, _ output: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
      (output - 1) * stride + dilation * (kernel - 1) + 1 - input - padding
    }
    let g = geometry
    return Memory.padded([
      rest(input.height, output.height, g.kernel.height, g.stride.height, g.padding.height, g.dilation.height),
      rest(input.width, output.width, g.kernel.width, g.stride.width, g.padding.width, g.dilation.width),
    ])
  }

  /// The layout of a tensor inside the primitives.
  func source() throws(NetworkError) -> dnnl_memory_desc_t { try Memory.images(input, blocked: blocked, layer: layer) }
  func target() throws(NetworkError) -> dnnl_memory_desc_t { try Memory.images(output, blocked: blocked, layer: layer) }
  func plainWeights() throws(NetworkError) -> dnnl_memory_desc_t {
    try Memory.layout(weightExtents, dnnl_oihw, layer: layer)
  }
  func bias() throws(NetworkError) -> dnnl_memory_desc_t {
    try Memory.layout([output.channels], dnnl_x, layer: layer)
  }
  /// The bias, or the empty layout that tells oneDNN there is none.
  private func optionalBias() throws(NetworkError) -> dnnl_memory_desc_t {
    hasBias ? try bias() : dnnl_memory_desc_t()
  }
  private func anyWeights() throws(NetworkError) -> dnnl_memory_desc_t {
    try Memory.layout(weightExtents, dnnl_format_tag_any, layer: layer)
  }

  func forward(relu: Bool) throws(NetworkError) -> PrimitiveDescriptor {
    var (source, weights, target, bias) = (try source(), try anyWeights(), try target(), try optionalBias())
    var operation = dnnl_convolution_desc_t()
    let status = dnnl_dilated_convolution_forward_desc_init(
      &operation, dnnl_forward_training, algorithm, &source, &weights, &bias, &target,
      strides, dilates, before, after)
    try Engine.check(status, layer, "dnnl_dilated_convolution_forward_desc_init", shapes)
    return try descriptor(of: &operation, relu: relu, hint: nil, call: "convolution forward")
  }

  func backwardData(hint: PrimitiveDescriptor) throws(NetworkError) -> PrimitiveDescriptor {
    var (source, weights, target) = (try source(), try anyWeights(), try target())
    var operation = dnnl_convolution_desc_t()
    let status = dnnl_dilated_convolution_backward_data_desc_init(
      &operation, algorithm, &source, &weights, &target, strides, dilates, before, after)
    try Engine.check(status, layer, "dnnl_dilated_convolution_backward_data_desc_init", shapes)
    return try descriptor(of: &operation, relu: false, hint: hint, call: "convolution backward data")
  }

  func backwardWeights(hint: PrimitiveDescriptor) throws(NetworkError) -> PrimitiveDescriptor {
    var (source, weights, target, bias) = (try source(), try anyWeights(), try target(), try optionalBias())
    var operation = dnnl_convolution_desc_t()
    let status = dnnl_dilated_convolution_backward_weights_desc_init(
      &operation, algorithm, &source, &weights, &bias, &target, strides, dilates,
      before, after)
    try Engine.check(status, layer, "dnnl_dilated_convolution_backward_weights_desc_init", shapes)
    return try descriptor(of: &operation, relu: false, hint: hint, call: "convolution backward weights")
  }

  private func descriptor(
    of operation: inout dnnl_convolution_desc_t, relu: Bool, hint: PrimitiveDescriptor?, call: String
  ) throws(NetworkError) -> PrimitiveDescriptor {
    var attributes: dnnl_primitive_attr_t?
    try Engine.check(dnnl_primitive_attr_create(&attributes), layer, "dnnl_primitive_attr_create", shapes)
    defer { dnnl_primitive_attr_destroy(attributes) }
    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user)
    if relu { try appendReLU(to: attributes) }
    var handle: dnnl_primitive_desc_t?
    let status = dnnl_primitive_desc_create(&handle, &operation, attributes, engine.handle, hint?.handle)
    guard status == dnnl_success, let handle else {
      throw .oneDNN(
        layer: layer, call: "dnnl_primitive_desc_create (\(call))", shapes: shapes, status: Int(status.rawValue))
    }
    return PrimitiveDescriptor(handle, layer: layer, call: call, shapes: shapes)
  }

  private func appendReLU(to attributes: dnnl_primitive_attr_t?) throws(NetworkError) {
    var operations: dnnl_post_ops_t?
    try Engine.check(dnnl_post_ops_create(&operations), layer, "dnnl_post_ops_create", shapes)
    defer { dnnl_post_ops_destroy(operations) }
    try Engine.check(
      dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0), layer, "dnnl_post_ops_append_eltwise",
      shapes)
    try Engine.check(
      dnnl_primitive_attr_set_post_ops(attributes, operations), layer, "dnnl_primitive_attr_set_post_ops", shapes)
  }
}
