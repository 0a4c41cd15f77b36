import Networks

/// The layers of the region proposal network: one 3×3 convolution and two 1×1 ones, shared by both pyramid levels.
struct ProposalHead {
  /// For the finer and the coarser level.
  private let objectness: [Value]
  private let deltas: [Value]

  /// Start weights as in mmdetection: normal with deviation 0.01, biases 0.
  init(_ settings: ProposalSettings, levels: [Value], in builder: NetworkBuilder) throws(NetworkError) {
    let anchors = settings.anchorSizes[0].count * settings.anchorRatios.count
    let hidden = try builder.convolution(
      levels[0], channels: settings.channels, kernel: 3, relu: true, name: "proposals.hidden")
    let logit = try builder.convolution(
      hidden, channels: anchors, kernel: 1, initialization: .normal(0.01), name: "proposals.logit")
    let delta = try builder.convolution(
      hidden, channels: 4 * anchors, kernel: 1, initialization: .normal(0.01), name: "proposals.delta")
    let again = try builder.repeatLayer(of: hidden, on: levels[1])
    objectness = [logit, try builder.repeatLayer(of: logit, on: again)]
    deltas = [delta, try builder.repeatLayer(of: delta, on: again)]
  }

  /// The outputs' buffers; valid after the network's build.
  var outputs: [ProposalOutputs] {
    zip(objectness, deltas).map { logit, delta in
      ProposalOutputs(
        objectness: logit.data, objectnessGradient: logit.gradient, deltas: delta.data, deltasGradient: delta.gradient)
    }
  }
}
