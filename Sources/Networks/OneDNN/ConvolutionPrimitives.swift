import COneDNN
import Tensors

/// The oneDNN side of one convolution: which algorithm and order of data, then forward, backward for data and weights.
final class ConvolutionPrimitives {
  private let weights: ConvolutionWeights
  private var forwardSteps: [Primitive] = []
  private var weightSteps: [Primitive] = []
  private var dataSteps: [Primitive] = []
  /// The input's gradient where it was written apart and must still be added.
  private var added: (target: Value, source: Memory)?

  init(
    input: Edge, output: Value, geometry: ConvolutionGeometry, pair: WeightPair, relu: Bool, layer: String,
    workspace: Workspace
  ) throws(NetworkError) {
    let winograd = workspace.usesWinograd && geometry.suitsWinograd(input: input.value.shape)
    let descriptors = ConvolutionDescriptors(
      input: input.value.shape, output: output.shape, geometry: geometry, hasBias: pair.bias != nil,
      winograd: winograd, blocked: winograd || Self.prefersBlocks(input.value, output), layer: layer,
      engine: workspace.engine)
    weights = try ConvolutionWeights(pair, descriptors, workspace: workspace)
    let forward = try descriptors.forward(relu: relu)
    let source = try prepareForward(forward, descriptors, input.value, output, workspace)
    guard output.root.receivesGradient else { return }
    let upstream = try border(
      output, at: output.gradientPointer, inner: descriptors.target(), area: .target, workspace, layer)
    if let copy = upstream.copyIn { weightSteps.append(try copy.reorder()) }
    weightSteps.append(
      try weights.backwardPrimitive(descriptors, hint: forward, source: source, upstream: upstream.inner))
    if input.write != .none {
      try prepareData(forward, descriptors, input, upstream: upstream.inner, workspace)
    }
  }

  /// Whether fewer floats change order when the primitives work on blocks; values of 16 channels never do.
  private static func prefersBlocks(_ input: Value, _ output: Value) -> Bool {
    let deciding = [input, output].filter { $0.shape.channels != 16 }
    let blocked = deciding.filter(\.root.isBlocked).reduce(0) { $0 + $1.shape.count }
    let channelsLast = deciding.filter { !$0.root.isBlocked }.reduce(0) { $0 + $1.shape.count }
    return blocked > 0 && channelsLast <= blocked && deciding.allSatisfy { $0.shape.channels % 16 == 0 }
  }

  /// A value's memory as the primitives see it, and the copies between the two where their order differs.
  private struct Border {
    let inner: Memory
    let copyIn: Copy?
    let copyOut: Copy?
  }

  private struct Copy {
    let from: Memory
    let to: Memory
    let layer: String
    let workspace: Workspace

    func reorder(adding: Bool = false) throws(NetworkError) -> Primitive {
      try Primitive.reorder(from: from, to: to, adding: adding, layer: layer, workspace: workspace)
    }
  }

  /// `area` nil gives the inner order memory of its own, which must stay from the forward to the backward pass.
  private func border(
    _ value: Value, at pointer: UnsafeMutablePointer<Float>, inner layout: dnnl_memory_desc_t, area: Workspace.Area?,
    _ workspace: Workspace, _ layer: String
  ) throws(NetworkError) -> Border {
    let outerLayout = try Memory.images(value.shape, blocked: value.root.isBlocked, layer: layer)
    let outer = try Memory(outerLayout, engine: workspace.engine, layer: layer)
    outer.place(at: pointer)
    if outer.hasSameLayout(as: layout) || value.shape.channels == 16 {
      let inner = try Memory(layout, engine: workspace.engine, layer: layer)
      inner.place(at: pointer)
      return Border(inner: inner, copyIn: nil, copyOut: nil)
    }
    let inner: Memory
    if let area {
      inner = try Memory(layout, engine: workspace.engine, layer: layer)
      workspace.share(inner, area)
    } else {
      inner = try Memory.owned(layout, engine: workspace.engine, layer: layer)
    }
    return Border(
      inner: inner, copyIn: Copy(from: outer, to: inner, layer: layer, workspace: workspace),
      copyOut: Copy(from: inner, to: outer, layer: layer, workspace: workspace))
  }

  /// Returns the input as the primitives see it, for the weights' backward pass.
  private func prepareForward(
    _ forward: PrimitiveDescriptor, _ descriptors: ConvolutionDescriptors, _ input: Value, _ output: Value,
    _ workspace: Workspace
  ) throws(NetworkError) -> Memory {
    let layer = descriptors.layer
    let source = try border(
      input, at: input.dataPointer, inner: descriptors.source(), area: nil, workspace, layer)
    let target = try border(
      output, at: output.dataPointer, inner: descriptors.target(), area: .target, workspace, layer)
    let primitive = try Primitive(forward, workspace: workspace)
    primitive.bind(DNNL_ARG_SRC, source.inner)
    primitive.bind(DNNL_ARG_DST, target.inner)
    try weights.bind(primitive, forward)
    if let copy = source.copyIn { forwardSteps.append(try copy.reorder()) }
    forwardSteps.append(primitive)
    if let copy = target.copyOut { forwardSteps.append(try copy.reorder()) }
    return source.inner
  }

  private func prepareData(
    _ forward: PrimitiveDescriptor, _ descriptors: ConvolutionDescriptors, _ input: Edge, upstream: Memory,
    _ workspace: Workspace
  ) throws(NetworkError) {
    let descriptor = try descriptors.backwardData(hint: forward)
    let primitive = try Primitive(descriptor, workspace: workspace)
    let layer = descriptors.layer
    var gradient = try border(
      input.value, at: input.value.gradientPointer, inner: descriptors.source(), area: .source, workspace, layer)
    if input.accumulates && gradient.copyOut == nil {
      let apart = try Memory(descriptors.source(), engine: workspace.engine, layer: layer)
      workspace.share(apart, .source)
      added = (input.value, apart)
      gradient = Border(inner: apart, copyIn: nil, copyOut: nil)
    }
    primitive.bind(DNNL_ARG_DIFF_DST, upstream)
    primitive.bind(DNNL_ARG_DIFF_SRC, gradient.inner)
    try weights.bind(primitive, descriptor)
    dataSteps.append(primitive)
    if let copy = gradient.copyOut { dataSteps.append(try copy.reorder(adding: input.accumulates)) }
  }

  func forward() throws(NetworkError) {
    try weights.refresh()
    for step in forwardSteps { try step.execute() }
  }

  func backward() throws(NetworkError) {
    for step in weightSteps { try step.execute() }
    try weights.addGradients()
    for step in dataSteps { try step.execute() }
    if let added, let source = added.source.pointer { added.target.addToGradient(source) }
  }
}
