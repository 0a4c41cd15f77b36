import CKernels
import COneDNN
import Tensors

/// The oneDNN side of one convolution: forward, backward for data and weights, and the weight reorders between them.
final class ConvolutionPrimitives {
  private let parameters: Parameters
  private let pair: WeightPair
  private let input: Edge
  private let workspace: Workspace
  private let forwardPass: Primitive
  private var weightReorders: [Primitive] = []
  private var backwardData: Primitive?
  private var backwardWeights: Primitive?
  private var weightGradientReorder: Primitive?
  /// Where oneDNN writes the weight gradient when it has PyTorch's layout already, and the bias gradient.
  private var plainWeightGradient: UnsafeMutablePointer<Float>?
  private var biasGradient: UnsafeMutablePointer<Float>?
  private var reorderedVersion = -1

  init(
    input: Edge, output: Value, geometry: ConvolutionGeometry, pair: WeightPair, relu: Bool, layer: String,
    workspace: Workspace
  ) throws(NetworkError) {
    self.pair = pair
    self.input = input
    self.workspace = workspace
    parameters = workspace.parameters
    let descriptors = ConvolutionDescriptors(
      input: input.value.shape, output: output.shape, geometry: geometry, hasBias: pair.bias != nil, layer: layer,
      engine: workspace.engine)
    let forward = try descriptors.forward(relu: relu)
    forwardPass = try Primitive(forward, workspace: workspace)
    let source = try Memory(descriptors.source(), engine: workspace.engine, layer: layer)
    source.place(at: input.value.dataPointer)
    let target = try Memory(descriptors.target(), engine: workspace.engine, layer: layer)
    target.place(at: output.dataPointer)
    let weights = try Memory(descriptors.plainWeights(), engine: workspace.engine, layer: layer)
    weights.place(at: parameters.weightPointer(pair.weight))
    forwardPass.bind(DNNL_ARG_SRC, source)
    forwardPass.bind(DNNL_ARG_DST, target)
    forwardPass.bind(DNNL_ARG_WEIGHTS, try reordered(weights, forward.requiredLayout(dnnl_query_weights_md), layer))
    if let bias = pair.bias {
      let memory = try Memory(descriptors.bias(), engine: workspace.engine, layer: layer)
      memory.place(at: parameters.weightPointer(bias))
      forwardPass.bind(DNNL_ARG_BIAS, memory)
    }
    guard output.root.receivesGradient else { return }
    let upstream = try Memory(descriptors.target(), engine: workspace.engine, layer: layer)
    upstream.place(at: output.gradientPointer)
    try prepareData(descriptors, forward, upstream: upstream, weights: weights, layer: layer)
    try prepareWeights(descriptors, forward, upstream: upstream, source: source, layer: layer)
  }

  /// The weights in the layout a primitive wants: themselves, or a copy that `forward` renews after a change.
  private func reordered(_ weights: Memory, _ layout: dnnl_memory_desc_t, _ layer: String) throws(NetworkError)
    -> Memory
  {
    if weights.hasSameLayout(as: layout) { return weights }
    let copy = try Memory.owned(layout, engine: workspace.engine, layer: layer)
    weightReorders.append(try Primitive.reorder(from: weights, to: copy, layer: layer, workspace: workspace))
    return copy
  }

  private func prepareData(
    _ descriptors: ConvolutionDescriptors, _ forward: PrimitiveDescriptor, upstream: Memory, weights: Memory,
    layer: String
  ) throws(NetworkError) {
    guard input.write != .none else { return }
    let descriptor = try descriptors.backwardData(hint: forward)
    let primitive = try Primitive(descriptor, workspace: workspace)
    let gradient = try Memory(descriptors.source(), engine: workspace.engine, layer: layer)
    if input.accumulates {
      workspace.shareGradient(gradient)
    } else {
      gradient.place(at: input.value.gradientPointer)
    }
    primitive.bind(DNNL_ARG_DIFF_DST, upstream)
    primitive.bind(DNNL_ARG_WEIGHTS, try reordered(weights, descriptor.requiredLayout(dnnl_query_weights_md), layer))
    primitive.bind(DNNL_ARG_DIFF_SRC, gradient)
    backwardData = primitive
  }

  private func prepareWeights(
    _ descriptors: ConvolutionDescriptors, _ forward: PrimitiveDescriptor, upstream: Memory, source: Memory,
    layer: String
  ) throws(NetworkError) {
    let descriptor = try descriptors.backwardWeights(hint: forward)
    let primitive = try Primitive(descriptor, workspace: workspace)
    let layout = try descriptor.requiredLayout(dnnl_query_diff_weights_md)
    let gradient = try Memory.owned(layout, engine: workspace.engine, layer: layer)
    primitive.bind(DNNL_ARG_DIFF_DST, upstream)
    primitive.bind(DNNL_ARG_SRC, source)
    primitive.bind(DNNL_ARG_DIFF_WEIGHTS, gradient)
    if pair.bias != nil {
      let bias = try Memory.owned(descriptors.bias(), engine: workspace.engine, layer: layer)
      primitive.bind(DNNL_ARG_DIFF_BIAS, bias)
      biasGradient = bias.ownPointer
    }
    let plain = try Memory(descriptors.plainWeights(), engine: workspace.engine, layer: layer)
    if plain.hasSameLayout(as: layout) {
      plainWeightGradient = gradient.ownPointer
    } else {
      plain.place(at: parameters.gradientPointer(pair.weight))
      weightGradientReorder = try Primitive.reorder(
        from: gradient, to: plain, adding: true, layer: layer, workspace: workspace)
    }
    backwardWeights = primitive
  }

  func forward() throws(NetworkError) {
    if reorderedVersion != parameters.version {
      for reorder in weightReorders { try reorder.execute() }
      reorderedVersion = parameters.version
    }
    try forwardPass.execute()
  }

  func backward() throws(NetworkError) {
    try backwardWeights?.execute()
    try weightGradientReorder?.execute()
    if let plainWeightGradient {
      nn_add_to(parameters.gradientPointer(pair.weight), plainWeightGradient, Int64(pair.weight.range.count))
    }
    if let biasGradient, let bias = pair.bias {
      nn_add_to(parameters.gradientPointer(bias), biasGradient, Int64(bias.range.count))
    }
    guard let backwardData else { return }
    try backwardData.execute()
    if input.accumulates {
      nn_add_to(input.value.gradientPointer, workspace.gradientScratch, Int64(input.value.shape.count))
    }
  }
}
