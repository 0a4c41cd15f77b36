import CKernels
import Tensors

/// How new rows and columns are made from old ones; the conventions are PyTorch's `interpolate`.
public enum ResizeMode: Hashable, Sendable {
  case nearest
  /// With `alignsCorners` the corner pixels' centers stay; otherwise the image's edges do.
  case bilinear(alignsCorners: Bool)
}

extension NetworkBuilder {
  /// `x` at another height and width, optionally `adding` a value of the new shape (as a feature pyramid does).
  public func resize(
    _ x: Value, height: Int, width: Int, mode: ResizeMode = .nearest, adding: Value? = nil, name: String = "resize"
  ) throws(NetworkError) -> Value {
    guard height >= 1, width >= 1 else {
      throw .invalidArgument(layer: name, problem: "height and width must be at least 1, found \(height)x\(width)")
    }
    return append(
      try Resize(x, size: Extent(height, width), mode: mode, adding: adding, name: name, in: self))
  }

  /// `x` doubled in height and width by repetition, optionally `adding` a value of the new shape.
  public func upsampleNearest2x(
    _ x: Value, adding: Value? = nil, name: String = "upsample"
  ) throws(NetworkError) -> Value {
    try resize(x, height: 2 * x.shape.height, width: 2 * x.shape.width, mode: .nearest, adding: adding, name: name)
  }
}

/// Resizing by table: each output row and column knows its one or two sources.
final class Resize: Layer {
  let name: String
  let layoutRule = LayoutRule.same
  let inputs: [Edge]
  let output: Value
  private let mode: ResizeMode
  private let rowTaps: [nn_tap]
  private let columnTaps: [nn_tap]

  init(
    _ x: Value, size: Extent, mode: ResizeMode, adding: Value?, name: String, in builder: NetworkBuilder
  ) throws(NetworkError) {
    try builder.requireOwn(name, x, adding ?? x)
    var shape = x.shape
    shape.height = size.height
    shape.width = size.width
    if let adding, adding.shape != shape {
      throw .shapeMismatch(layer: name, expected: "\(shape)", found: "\(adding.shape)")
    }
    self.name = name
    self.mode = mode
    inputs = [Edge(x)] + (adding.map { [Edge($0)] } ?? [])
    rowTaps = mode.taps(from: x.shape.height, to: size.height)
    columnTaps = mode.taps(from: x.shape.width, to: size.width)
    let wantsGradient = x.wantsGradient || adding?.wantsGradient == true
    output = try builder.newValue(name, shape, wantsGradient: wantsGradient)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    let size = Extent(output.shape.height, output.shape.width)
    return try Resize(input, size: size, mode: mode, adding: nil, name: name, in: builder)
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  private func withShape(_ body: (UnsafePointer<nn_resize_shape>) -> Void) {
    let (old, new) = (inputs[0].value.kernelShape, output.kernelShape)
    rowTaps.withUnsafeBufferPointer { rows in
      columnTaps.withUnsafeBufferPointer { columns in
        var shape = nn_resize_shape(
          images: Int64(old.batch), height: Int64(old.height), width: Int64(old.width), channels: Int64(old.channels),
          out_height: Int64(new.height), out_width: Int64(new.width), row_taps: rows.baseAddress,
          column_taps: columns.baseAddress, nearest: mode == .nearest ? 1 : 0)
        body(&shape)
      }
    }
  }

  func forward(training: Bool) throws(NetworkError) {
    let adding = inputs.count > 1 ? inputs[1].value.dataPointer : nil
    withShape { nn_resize_forward(inputs[0].value.dataPointer, adding, output.dataPointer, $0) }
  }

  func backward() throws(NetworkError) {
    let input = inputs[0]
    if input.write != .none {
      if !input.accumulates { input.value.zeroGradient() }
      withShape { nn_resize_backward(output.gradientPointer, input.value.gradientPointer, $0) }
    }
    guard inputs.count > 1, inputs[1].write != .none else { return }
    let target = inputs[1].value.gradientPointer
    if inputs[1].accumulates {
      nn_add_to(target, output.gradientPointer, Int64(output.shape.count))
    } else {
      target.update(from: output.gradientPointer, count: output.shape.count)
    }
  }
}

extension ResizeMode {
  /// The sources of each output index; positions are computed in Float as PyTorch does.
  func taps(from old: Int, to new: Int) -> [nn_tap] {
    let scale = Float(old) / Float(new)
    return (0..<new).map { index in
      switch self {
      case .nearest:
        let source = Int32(min(Int(Float(index) * scale), old - 1))
        return nn_tap(low: source, high: source, fraction: 0)
      case .bilinear(let alignsCorners):
        let step = new > 1 ? Float(old - 1) / Float(new - 1) : 0
        let position = alignsCorners ? step * Float(index) : max(0, scale * (Float(index) + 0.5) - 0.5)
        let low = min(Int(position), old - 1)
        return nn_tap(low: Int32(low), high: Int32(min(low + 1, old - 1)), fraction: position - Float(low))
      }
    }
  }
}
