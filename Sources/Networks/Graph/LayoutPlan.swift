/// Decides which inner values lie in blocks of 16 channels, the order Winograd convolutions need, instead of NHWC.
///
/// Values of exactly 16 channels lie the same way in both orders, so they agree with any neighbour.
struct LayoutPlan {
  let layers: [any Layer]
  let values: [Value]

  /// Blocks every value that the caller does not see and whose layers all can take it so.
  func decide(allowsBlocks: Bool) {
    for value in values where value.root === value {
      let isOutput = value.isOutput || value.consumers == 0
      value.isBlocked = allowsBlocks && !value.isExposed && !isOutput && value.shape.channels % 16 == 0
    }
    for value in values where value.root !== value { value.root.isBlocked = false }
    for layer in layers {
      switch layer.layoutRule {
      case .channelsLast: unblock(layer)
      case .anyToChannelsLast: layer.output.root.isBlocked = false
      case .same, .any: continue
      }
    }
    var changed = true
    while changed {
      changed = false
      for layer in layers where layer.layoutRule == .same && isMixed(layer) {
        unblock(layer)
        changed = true
      }
    }
  }

  private func touched(_ layer: any Layer) -> [Value] { layer.inputs.map(\.value.root) + [layer.output.root] }

  private func isMixed(_ layer: any Layer) -> Bool {
    let deciding = touched(layer).filter { $0.shape.channels != 16 }
    return deciding.contains(where: \.isBlocked) && !deciding.allSatisfy(\.isBlocked)
  }

  private func unblock(_ layer: any Layer) {
    for value in touched(layer) { value.isBlocked = false }
  }
}
