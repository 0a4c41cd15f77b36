import Tensors

/// Decides, walking the layers backwards, who writes each gradient first, and gives every value its memory.
struct GradientPlan {
  let layers: [any Layer]
  let values: [Value]

  /// Allocates data for every value, plans the gradient writes and allocates gradients where one flows.
  func allocate() {
    for value in values where value.root === value { value.memory = AlignedBuffer(count: value.shape.count) }
    plan()
    for value in values where value.root === value && value.receivesGradient {
      value.gradientMemory = AlignedBuffer(count: value.shape.count)
    }
    for value in values { value.publish() }
  }

  private func plan() {
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
}
