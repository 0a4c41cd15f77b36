import CKernels
import COneDNN

/// The weights of one convolution between PyTorch's order in the flat buffers and the orders oneDNN wants.
final class ConvolutionWeights {
  private let pair: WeightPair
  private let parameters: Parameters
  private let workspace: Workspace
  private let plain: Memory
  private let layer: String
  private let bias: Memory?
  /// Renew the copies that `bind` made; run after every change of the weights.
  private var reorders: [Primitive] = []
  private var reorderedVersion = -1
  /// Adds the weight gradient to the flat buffer from another order; nil where the order is PyTorch's.
  private var gradientReorder: Primitive?
  private var weightGradient: Memory?
  private var biasGradient: Memory?

  init(_ pair: WeightPair, _ descriptors: ConvolutionDescriptors, workspace: Workspace) throws(NetworkError) {
    self.pair = pair
    self.workspace = workspace
    parameters = workspace.parameters
    layer = descriptors.layer
    plain = try Memory(descriptors.plainWeights(), engine: workspace.engine, layer: layer)
    plain.place(at: parameters.weightPointer(pair.weight))
    if let parameter = pair.bias {
      let memory = try Memory(descriptors.bias(), engine: workspace.engine, layer: layer)
      memory.place(at: parameters.weightPointer(parameter))
      bias = memory
    } else {
      bias = nil
    }
  }

  /// Gives a forward or backward-data primitive its weights (and bias), through a reordered copy where it wants one.
  func bind(_ primitive: Primitive, _ descriptor: PrimitiveDescriptor) throws(NetworkError) {
    let layout = try descriptor.requiredLayout(dnnl_query_weights_md)
    if plain.hasSameLayout(as: layout) {
      primitive.bind(DNNL_ARG_WEIGHTS, plain)
    } else {
      let copy = try Memory.owned(layout, engine: workspace.engine, layer: layer)
      reorders.append(try Primitive.reorder(from: plain, to: copy, layer: layer, workspace: workspace))
      primitive.bind(DNNL_ARG_WEIGHTS, copy)
    }
    if let bias { primitive.bind(DNNL_ARG_BIAS, bias) }
  }

  /// The primitive that computes the gradients of weights and bias into memory of their own.
  func backwardPrimitive(
    _ descriptors: ConvolutionDescriptors, hint: PrimitiveDescriptor, source: Memory, upstream: Memory
  ) throws(NetworkError) -> Primitive {
    let descriptor = try descriptors.backwardWeights(hint: hint)
    let primitive = try Primitive(descriptor, workspace: workspace)
    let layout = try descriptor.requiredLayout(dnnl_query_diff_weights_md)
    let gradient = try Memory.owned(layout, engine: workspace.engine, layer: layer)
    primitive.bind(DNNL_ARG_DIFF_DST, upstream)
    primitive.bind(DNNL_ARG_SRC, source)
    primitive.bind(DNNL_ARG_DIFF_WEIGHTS, gradient)
    weightGradient = gradient
    if pair.bias != nil {
      let memory = try Memory.owned(descriptors.bias(), engine: workspace.engine, layer: layer)
      primitive.bind(DNNL_ARG_DIFF_BIAS, memory)
      biasGradient = memory
    }
    if !plain.hasSameLayout(as: layout) {
      let target = try Memory(plain.layout, engine: workspace.engine, layer: layer)
      target.place(at: parameters.gradientPointer(pair.weight))
      gradientReorder = try Primitive.reorder(
        from: gradient, to: target, adding: true, layer: layer, workspace: workspace)
    }
    return primitive
  }

  /// Renews the reordered copies if the weights changed since the last time.
  func refresh() throws(NetworkError) {
    guard reorderedVersion != parameters.version else { return }
    for reorder in reorders { try reorder.execute() }
    reorderedVersion = parameters.version
  }

  /// Adds what the backward primitive wrote to the flat gradient buffer.
  func addGradients() throws(NetworkError) {
    if let gradientReorder {
      try gradientReorder.execute()
    } else if let source = weightGradient?.pointer {
      nn_add_to(parameters.gradientPointer(pair.weight), source, Int64(pair.weight.range.count))
    }
    if let source = biasGradient?.pointer, let parameter = pair.bias {
      nn_add_to(parameters.gradientPointer(parameter), source, Int64(parameter.range.count))
    }
  }
}
