import Networks

/// A named slice of a detector's weights.
struct StatePart {
  let name: String
  /// Extents in PyTorch's order.
  let shape: [Int]
  /// In `TrainedDetector.weights`.
  let range: Range<Int>
}

extension DetectorShape {
  /// All parts of the state, and those of them that an optimizer changes; the same for every batch.
  func parts() throws(DetectorError) -> (state: [StatePart], parameters: [StatePart]) {
    let single = DetectorShape(settings: settings, classes: classes, batch: 1, height: height, width: width)
    let network = try single.build(seed: 0).network
    let all = network.stateParts.map { StatePart(name: $0.name, shape: $0.shape, range: $0.range) }
    return (all, Array(all.prefix(network.parameters.entries.count)))
  }
}
