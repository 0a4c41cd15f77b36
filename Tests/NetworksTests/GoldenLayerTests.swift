import GoldenData
import Networks
import Testing

/// Every layer of nn_layers.json against PyTorch: output, gradients, running statistics; 2e-6 of the largest entry.
@Suite struct GoldenLayerTests {
  static let tolerance: Float = 2e-6

  @Test func everyNetworkLayerAgrees() throws {
    let rows = try GoldenFile("nn_layers.json").object()["cases"].array ?? []
    let networkRows = rows.filter { GoldenLayerTests.functionLayers[$0["layer"].string ?? ""] == nil }
    #expect(networkRows.count == 37)
    for row in networkRows {
      let golden = try GoldenLayer(row)
      guard let output = try golden.layer() else {
        Issue.record("\(golden.name): no such layer here")
        continue
      }
      try hold(golden, output)
    }
  }

  private func hold(_ golden: GoldenLayer, _ output: Value) throws {
    let row = golden.row
    let network = try golden.builder.build(seed: 1)
    network.parameters.update { weights in
      for (name, tensor) in row["tensors"].object ?? [:] {
        guard let range = network.parameters["layer.\(name)"]?.range else { continue }
        for (index, value) in zip(range, tensor.floats) { weights[index] = value }
      }
    }
    let running = row["params"]["running_mean"].floats + row["params"]["running_var"].floats
    if !running.isEmpty {
      try network.restore(Array(network.parameters.weights) + running)
    }
    write(GoldenLayer.channelsLast(row["tensors"]["input"]), to: golden.input.data)
    try network.forward(training: row["layer"].string != "batch_norm_eval")
    let name = golden.name
    expectClose(
      Array(output.data), GoldenLayer.channelsLast(row["output"]), tolerance: Self.tolerance, "\(name) output")
    write(GoldenLayer.channelsLast(row["grad_output"]), to: output.gradient)
    network.parameters.zeroGradients()
    try network.backward()
    let grads = row["grads"]
    expectClose(
      Array(golden.input.gradient), GoldenLayer.channelsLast(grads["input"]), tolerance: Self.tolerance,
      "\(name) input gradient")
    for part in ["weight", "bias"] where !grads[part].isNull {
      let range = try #require(network.parameters["layer.\(part)"]?.range, "\(name) has no \(part)")
      expectClose(
        Array(network.parameters.gradients[range]), grads[part].floats, tolerance: Self.tolerance,
        "\(name) \(part) gradient")
    }
    if row["layer"].string == "batch_norm_train" {
      let after = row["extra"]["running_mean_after"].floats + row["extra"]["running_var_after"].floats
      #expect(!after.isEmpty)
      expectClose(
        Array(network.state.dropFirst(network.parameters.count)), after, tolerance: Self.tolerance,
        "\(name) running statistics")
    }
  }

  private func write(_ values: [Float], to buffer: UnsafeMutableBufferPointer<Float>) {
    #expect(values.count == buffer.count)
    for (index, value) in zip(buffer.indices, values) { buffer[index] = value }
  }

  // MARK: Functions of rows

  /// What runs each layer that is a function here: logits and the row in, output and input gradient out.
  static let functionLayers: [String: @Sendable (GoldenValue, FunctionRow) -> Void] = [
    "cross_entropy_mean": { row, work in
      let labels = row["params"]["label"].doubles.map { Int32($0) }
      let upstream = (row["grad_output"].floats.first ?? 1) / Float(labels.count)
      LossFunctions.crossEntropy(
        work.input, labels: labels, weights: labels.map { _ in upstream }, classes: work.width,
        values: .init(rebasing: work.values[0..<labels.count]), gradient: work.gradient)
    },
    "log_softmax": { row, work in
      LossFunctions.logSoftmax(work.input, into: work.values, classes: work.width)
      row["grad_output"].floats.withUnsafeBufferPointer { upstream in
        LossFunctions.logSoftmaxGradient(
          .init(work.values), upstream: upstream, into: work.gradient, classes: work.width)
      }
    },
    "smooth_l1": { row, work in
      LossFunctions.smoothL1(
        work.input, targets: row["tensors"]["target"].floats, weights: row["grad_output"].floats,
        beta: row["params"]["beta"].floats.first ?? 0, values: work.values, gradient: work.gradient)
    },
    "bce_with_logits": { row, work in
      let (targets, upstream) = (row["params"]["target"].floats, row["grad_output"].floats)
      for (place, logit) in work.input.enumerated() {
        work.values[place] = BinaryCrossEntropy.value(logit, target: targets[place])
        work.gradient[place] = upstream[place] * BinaryCrossEntropy.slope(logit, target: targets[place])
      }
    },
  ]

  @Test func everyLossFunctionAgrees() throws {
    let rows = try GoldenFile("nn_layers.json").object()["cases"].array ?? []
    var held = 0
    for row in rows {
      let layer = row["layer"].string ?? ""
      guard let function = Self.functionLayers[layer] else { continue }
      held += 1
      let work = FunctionRow(row["tensors"]["input"])
      defer { work.free() }
      function(row, work)
      var output = Array(work.values)
      if layer == "cross_entropy_mean" {
        let count = row["params"]["label"].doubles.count
        output = [output[0..<count].reduce(0, +) / Float(count)]
      }
      expectClose(output, row["output"].floats, tolerance: Self.tolerance, "\(layer) output")
      expectClose(
        Array(work.gradient), row["grads"]["input"].floats, tolerance: Self.tolerance, "\(layer) gradient")
    }
    #expect(held == 4)
  }
}

/// The buffers of one function of rows.
struct FunctionRow: @unchecked Sendable {
  let input: UnsafeBufferPointer<Float>
  let values: UnsafeMutableBufferPointer<Float>
  let gradient: UnsafeMutableBufferPointer<Float>
  let width: Int

  init(_ tensor: GoldenValue) {
    let logits = tensor.floats
    let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: logits.count)
    for (index, value) in logits.enumerated() { copy[index] = value }
    input = UnsafeBufferPointer(copy)
    values = .allocate(capacity: logits.count)
    values.initialize(repeating: 0)
    gradient = .allocate(capacity: logits.count)
    gradient.initialize(repeating: 0)
    width = tensor.shape.last ?? 1
  }

  func free() {
    input.deallocate()
    values.deallocate()
    gradient.deallocate()
  }
}
