import Tensors

/// Decides, walking the layers backwards, who writes each gradient first, and gives every value its memory.
///
/// A gradient is alive from its first writer to the layer that made the value; the memory then serves the next one, so
/// that the backward pass stays in a few buffers.
struct GradientPlan {
  let layers: [any Layer]
  let values: [Value]

  /// Allocates data for every value; with `trains`, plans the gradients and allocates those that flow.
  func allocate(trains: Bool) {
    for value in values where value.root === value { value.memory = AlignedBuffer(count: value.shape.count) }
    if trains {
      planWrites()
      allocateGradients()
    }
    for value in values { value.publish() }
  }

  private func planWrites() {
    for value in values where value.root === value {
      value.isOutput = value.isOutput || (value.consumers == 0 && value.wantsGradient)
      value.receivesGradient = value.isOutput && value.wantsGradient
    }
    for layer in layers.reversed() where layer.output.root.receivesGradient {
      for edge in layer.inputs where edge.value.root.wantsGradient {
        edge.write = edge.value.root.receivesGradient ? .accumulate : .overwrite
        edge.value.root.receivesGradient = true
      }
    }
  }

  private func allocateGradients() {
    for value in values where value.root === value && value.receivesGradient && (value.isOutput || value.isExposed) {
      value.gradientMemory = AlignedBuffer(count: value.shape.count)
    }
    var free: [AlignedBuffer] = []
    for layer in layers.reversed() where layer.output.root.receivesGradient {
      for edge in layer.inputs where edge.write == .overwrite && !edge.value.root.isExposed {
        edge.value.root.gradientMemory = Self.take(edge.value.root.shape.count, from: &free)
      }
      if !layer.output.root.isExposed { free.append(layer.output.root.gradientMemory) }
    }
  }

  /// The smallest free buffer that is large enough, of equal ones the last used; a new one where there is none.
  private static func take(_ count: Int, from free: inout [AlignedBuffer]) -> AlignedBuffer {
    var best: Int?
    for index in free.indices where free[index].count >= count {
      if best.map({ free[index].count <= free[$0].count }) ?? true { best = index }
    }
    return best.map { free.remove(at: $0) } ?? AlignedBuffer(count: count)
  }
}
