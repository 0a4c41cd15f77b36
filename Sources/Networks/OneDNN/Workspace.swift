import COneDNN
import Tensors

/// What the layers of one network share: the oneDNN engine, and memory that is only used inside one call of a layer.
final class Workspace {
  /// The three areas that one call may use at once.
  enum Area: CaseIterable {
    /// oneDNN's scratchpad.
    case scratchpad
    /// A convolution's output, or its gradient, in another order.
    case target
    /// The gradient of a convolution's input in another order, or before it is added.
    case source
  }

  let engine: Engine
  let parameters: Parameters
  let usesWinograd: Bool
  private var views: [(area: Area, memory: Memory)] = []
  private var areas: [Area: AlignedBuffer] = [:]

  init(parameters: Parameters, usesWinograd: Bool) throws(NetworkError) {
    engine = try Engine()
    self.parameters = parameters
    self.usesWinograd = usesWinograd
  }

  /// Floats beyond what oneDNN asks for: its 2.6 AVX2 code was seen to write 112 bytes past a scratchpad of the told size
  /// (convolution backward, 3 to 4 channels).
  private static let scratchpadSlack = 16384

  /// Registers a view of an area; it gets its address with `allocate`.
  func share(_ memory: Memory, _ area: Area) { views.append((area, memory)) }

  /// Makes each area as large as its largest view and gives every view its address.
  func allocate() {
    for area in Area.allCases {
      let members = views.filter { $0.area == area }.map(\.memory)
      let floats = ((members.map(\.bytes).max() ?? 0) + 3) / 4
      let buffer = AlignedBuffer(count: floats + (area == .scratchpad ? Self.scratchpadSlack : 0))
      areas[area] = buffer
      for memory in members { memory.place(at: buffer.pointer) }
    }
  }

  /// The bytes of all areas.
  var bytes: Int { Area.allCases.reduce(0) { $0 + 4 * (areas[$1]?.count ?? 0) } }
}
