import GoldenData
import Networks
import Proxy
import Randomness
import Testing

/// The mask head, its loss and its gradients against PyTorch, from the same weights.
struct MaskHeadTests {
  /// The head's layers on given features, with the recorded weights.
  private struct Head {
    let features: Value
    let logits: Value
    let network: Network
    let side: Int
    let classes: Int

    init(_ row: GoldenValue) throws {
      let shape = row["features"].shape
      let convolutions = try #require(row["convolutions"].int)
      classes = try #require(row["classes"].int)
      let hidden = row["weights"]["upsample.weight"].shape[1]
      let settings = MaskSettings(cells: shape[2], convolutions: convolutions, channels: hidden)
      side = settings.side
      let builder = NetworkBuilder(batch: shape[0], winograd: false)
      features = try builder.input(height: shape[2], width: shape[3], channels: shape[1], gradient: true)
      logits = try MaskHead.logits(features, settings, classes: classes, in: builder)
      network = try builder.build(seed: 1)
    }

    var outputs: MaskOutputs {
      MaskOutputs(side: side, classes: classes, logits: logits.data, gradient: logits.gradient)
    }
  }

  /// Channels first to channels last.
  private static func channelsLast(_ numbers: [Float], _ shape: [Int]) -> [Float] {
    let (images, channels, pixels) = (shape[0], shape[1], shape[2] * shape[3])
    return (0..<images * pixels * channels).map { place in
      let (image, rest) = (place / (pixels * channels), place % (pixels * channels))
      return numbers[(image * channels + rest % channels) * pixels + rest / channels]
    }
  }

  /// PyTorch's transposed convolution (in, out, dy, dx) as our 1×1 convolution ((dy, dx, out), in).
  private static func upsampling(_ numbers: [Float], inputs: Int, outputs: Int) -> [Float] {
    (0..<4 * outputs * inputs).map { place in
      let (four, input) = (place / inputs, place % inputs)
      return numbers[(input * outputs + four % outputs) * 4 + four / outputs]
    }
  }

  /// A recorded parameter or its gradient in our order; a bias stands for four pixels.
  private static func ours(_ value: GoldenValue, _ name: String) -> [Float] {
    switch name {
    case "mask.upsample.weight": upsampling(value.floats, inputs: value.shape[0], outputs: value.shape[1])
    case "mask.upsample.bias": (0..<4).flatMap { _ in value.floats }
    case _: value.floats
    }
  }

  private static func targets(_ row: GoldenValue) -> [MaskTarget] {
    zip(row["labels"].integers, row["targets"].array ?? []).map { label, pixels in
      MaskTarget(label: label, pixels: pixels.floats.map { $0 == 1 })
    }
  }

  @Test(arguments: maskRows("head")) func agreesWithPyTorch(row: GoldenValue) throws {
    let head = try Head(row)
    let shape = row["features"].shape
    for (index, value) in Self.channelsLast(row["features"].floats, shape).enumerated() {
      head.features.data[index] = value
    }
    head.network.parameters.update { weights in
      for entry in head.network.parameters.entries {
        let given = Self.ours(row["weights"][String(entry.name.dropFirst(5))], entry.name)
        for (place, value) in zip(entry.range, given) { weights[place] = value }
      }
    }
    try head.network.forward(training: true)
    let logits = Self.channelsLast(row["logits"].floats, row["logits"].shape)
    #expect(disagreement(Array(head.logits.data), logits, tolerance: 2e-5) == nil)
    let loss = MaskLoss.evaluate(head.outputs, targets: Self.targets(row), weight: 1)
    #expect(abs(loss - (row["loss"].double ?? 0)) < 1e-6, "\(loss)")
    head.network.parameters.zeroGradients()
    try head.network.backward()
    let gradient = Self.channelsLast(row["features_gradient"].floats, shape)
    #expect(disagreement(Array(head.features.gradient), gradient, tolerance: 5e-5) == nil)
    for entry in head.network.parameters.entries {
      var found = entry.range.map { head.network.parameters.gradients[$0] }
      let expected = row["gradients"][String(entry.name.dropFirst(5))]
      if entry.name == "mask.upsample.bias" {
        let count = expected.floats.count
        found = (0..<count).map { channel in (0..<4).reduce(0) { $0 + found[$1 * count + channel] } }
        #expect(disagreement(found, expected.floats, tolerance: 5e-5) == nil, "\(entry.name)")
      } else {
        let problem = disagreement(found, Self.ours(expected, entry.name), tolerance: 5e-5)
        #expect(problem == nil, "\(entry.name): \(problem ?? "")")
      }
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>) func theLossAgreesWithFiniteDifferences(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (side, classes, regions) = (3, 1 + generator.index(below: 3), 3)
    let targets = (0..<regions - 1).map { _ in
      MaskTarget(
        label: generator.index(below: classes), pixels: (0..<side * side).map { _ in generator.chance(0.5) })
    }
    var logits = (0..<regions * side * side * classes).map { _ in Float(3 * generator.normal()) }
    var gradient = logits.map { _ in Float.nan }
    func loss() -> Double {
      logits.withUnsafeMutableBufferPointer { logits in
        gradient.withUnsafeMutableBufferPointer { gradient in
          MaskLoss.evaluate(
            MaskOutputs(side: side, classes: classes, logits: logits, gradient: gradient), targets: targets,
            weight: 2.5)
        }
      }
    }
    let first = loss()
    #expect(first > 0)
    let slopes = gradient
    for index in logits.indices {
      let here = logits[index]
      logits[index] = here + 0.01
      let above = loss()
      logits[index] = here - 0.01
      let below = loss()
      logits[index] = here
      #expect(abs((above - below) / 0.02 - Double(slopes[index])) < 1e-4, "seed \(seed), logit \(index)")
    }
  }

  @Test func withoutObjectsTheLossIsZero() {
    var logits: [Float] = [1, 2, 3, 4]
    var gradient: [Float] = [.nan, .nan, .nan, .nan]
    let loss = logits.withUnsafeMutableBufferPointer { logits in
      gradient.withUnsafeMutableBufferPointer { gradient in
        MaskLoss.evaluate(
          MaskOutputs(side: 2, classes: 1, logits: logits, gradient: gradient), targets: [], weight: 1)
      }
    }
    #expect(loss == 0 && gradient == [0, 0, 0, 0])
  }
}

/// The recorded rows of one kind.
func maskRows(_ kind: String) -> [GoldenValue] {
  ((try? GoldenFile(recorded: "mask_head.jsonl").rows()) ?? []).filter { $0["kind"].string == kind }
}
