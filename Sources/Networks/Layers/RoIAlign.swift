import CKernels
import Tensors

extension NetworkBuilder {
  /// RoIAlign (He et al., 2017, section 3) on NHWC features: row r of the output (batch `regions.capacity`) is region r
  /// cut out of its level in `bins` bins.
  ///
  /// `scales`: for each level the factor from input pixels to feature pixels, e.g. 1/8. `samplingRatio` 0 takes
  /// ceil(region / bins) samples a bin and axis. `aligned` shifts by half a pixel; without it, sides are at least 1.
  public func roiAlign(
    levels: [Value], scales: [Float], regions: RegionList, bins: Extent, samplingRatio: Int = 2, aligned: Bool = true,
    name: String = "roiAlign"
  ) throws(NetworkError) -> Value {
    guard let first = levels.first, scales.count == levels.count, regions.capacity >= 1 else {
      throw .invalidArgument(layer: name, problem: "give at least one level, a scale for each, and room for a region")
    }
    guard (1...64).contains(bins.height), (1...64).contains(bins.width), samplingRatio >= 0 else {
      throw .invalidArgument(layer: name, problem: "bins must be 1 to 64, the sampling ratio at least 0")
    }
    for level in levels where level.shape.channels != first.shape.channels || level.shape.batch != first.shape.batch {
      throw .shapeMismatch(layer: name, expected: "batch and channels of \(first.shape)", found: "\(level.shape)")
    }
    let settings = RoIAlign.Settings(scales: scales, bins: bins, samplingRatio: samplingRatio, aligned: aligned)
    return append(try RoIAlign(levels, regions: regions, settings: settings, name: name, in: self))
  }
}

/// Cuts regions out of feature levels by bilinear sampling.
final class RoIAlign: Layer {
  struct Settings {
    let scales: [Float]
    let bins: Extent
    let samplingRatio: Int
    let aligned: Bool
  }

  let name: String
  let layoutRule = LayoutRule.anyToChannelsLast
  let inputs: [Edge]
  let output: Value
  private let list: RegionList
  private let settings: Settings
  private let work: AlignedBuffer
  /// x1, y1, x2, y2 of the region at work.
  private let box = AlignedBuffer(count: 4)

  init(
    _ levels: [Value], regions: RegionList, settings: Settings, name: String, in builder: NetworkBuilder
  ) throws(NetworkError) {
    for level in levels { try builder.requireOwn(name, level) }
    self.name = name
    self.settings = settings
    list = regions
    inputs = levels.map { Edge($0) }
    let shape = TensorShape(
      batch: regions.capacity, height: settings.bins.height, width: settings.bins.width,
      channels: levels[0].shape.channels)
    output = try builder.newValue(name, shape, wantsGradient: levels.contains { $0.wantsGradient })
    let shapes = levels.indices.map { Self.shape(levels[$0].shape, settings, level: $0) }
    work = AlignedBuffer(count: shapes.map { withUnsafePointer(to: $0) { Int(nn_roi_align_work($0)) } }.max() ?? 0)
  }

  func repeated(on input: Value, name: String, in builder: NetworkBuilder) throws(NetworkError) -> any Layer {
    throw .invalidArgument(layer: name, problem: "RoIAlign has no parameters to share; call roiAlign again")
  }

  func prepare(_ workspace: Workspace) throws(NetworkError) {}

  private static func shape(
    _ features: TensorShape, _ settings: Settings, level: Int, blocked: Bool = false
  ) -> nn_roi_shape {
    nn_roi_shape(
      height: Int64(features.height), width: Int64(features.width), channels: Int64(features.channels),
      bins_high: Int64(settings.bins.height), bins_wide: Int64(settings.bins.width),
      sampling_ratio: Int64(settings.samplingRatio), aligned: settings.aligned ? 1 : 0,
      blocked: blocked ? 1 : 0, scale: settings.scales[level])
  }

  /// Calls `body` for each region with its row, level and box.
  private func forEachRegion(
    _ body: (_ row: Int, _ level: Edge, _ offset: Int, UnsafePointer<nn_roi_shape>) -> Void
  ) throws(NetworkError) {
    for (row, region) in list.regions.prefix(list.capacity).enumerated() {
      guard inputs.indices.contains(region.level), (0..<inputs[0].value.shape.batch).contains(region.image) else {
        throw .invalidArgument(
          layer: name,
          problem: "region \(row) names image \(region.image), level \(region.level); there are "
            + "\(inputs[0].value.shape.batch) images and \(inputs.count) levels")
      }
      let level = inputs[region.level]
      var shape = Self.shape(
        level.value.shape, settings, level: region.level, blocked: level.value.root.isBlocked)
      box.pointer[0] = region.x1
      box.pointer[1] = region.y1
      box.pointer[2] = region.x2
      box.pointer[3] = region.y2
      body(row, level, region.image * level.value.shape.elementsPerImage, &shape)
    }
  }

  func forward(training: Bool) throws(NetworkError) {
    let width = output.shape.elementsPerImage
    try forEachRegion { row, level, offset, shape in
      nn_roi_align_forward(
        level.value.dataPointer + offset, box.pointer, output.dataPointer + row * width, shape, work.pointer)
    }
    let used = min(list.regions.count, list.capacity)
    (output.dataPointer + used * width).update(repeating: 0, count: (list.capacity - used) * width)
  }

  func backward() throws(NetworkError) {
    for edge in inputs where edge.write == .overwrite { edge.value.zeroGradient() }
    let width = output.shape.elementsPerImage
    try forEachRegion { row, level, offset, shape in
      guard level.write != .none else { return }
      nn_roi_align_backward(
        output.gradientPointer + row * width, box.pointer, level.value.gradientPointer + offset, shape, work.pointer)
    }
  }
}
