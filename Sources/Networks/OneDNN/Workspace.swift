import COneDNN
import Tensors

/// What the layers of one network share: the oneDNN engine, one scratchpad, one buffer for gradients that are added later.
final class Workspace {
  let engine: Engine
  let parameters: Parameters
  private var scratchpads: [Memory] = []
  private var gradientViews: [Memory] = []
  private var scratchMemory = AlignedBuffer(count: 0)
  private var gradientMemory = AlignedBuffer(count: 0)
  private var floats = 0

  init(parameters: Parameters) throws(NetworkError) {
    engine = try Engine()
    self.parameters = parameters
  }

  /// Registers a primitive's scratchpad; all lie in the same memory, since primitives run one after another.
  func shareScratchpad(_ memory: Memory) { scratchpads.append(memory) }

  /// Registers a gradient that is first written apart and then added.
  func shareGradient(_ memory: Memory) { gradientViews.append(memory) }

  /// Asks for at least this many floats of common scratch memory, valid inside one call of a layer.
  func requestScratch(floats count: Int) { floats = max(floats, count) }

  /// Scratch memory of the largest requested size; valid after `allocate`.
  var scratch: UnsafeMutablePointer<Float> { scratchMemory.pointer }
  /// Where gradients that are added later are written; valid after `allocate`.
  var gradientScratch: UnsafeMutablePointer<Float> { gradientMemory.pointer }

  /// Gives every registered view its address.
  func allocate() {
    let bytes = scratchpads.map(\.bytes).max() ?? 0
    scratchMemory = AlignedBuffer(count: max(floats, (bytes + 3) / 4))
    for memory in scratchpads { memory.place(at: scratchMemory.pointer) }
    gradientMemory = AlignedBuffer(count: ((gradientViews.map(\.bytes).max() ?? 0) + 3) / 4)
    for memory in gradientViews { memory.place(at: gradientMemory.pointer) }
  }
}
