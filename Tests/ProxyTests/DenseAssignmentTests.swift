import Proxy
import Randomness
import Testing

/// The assignments of training, which look only near each object, against the plain ones of the golden rows.
@Suite struct DenseAssignmentTests {
  /// Feature maps of two levels, from one place upwards.
  static func grids(_ generator: inout SeededGenerator) -> [PlaceGrid] {
    let (height, width) = (generator.integer(in: 1...30), generator.integer(in: 1...30))
    let stride = generator.element(of: [2, 4, 5, 8]) ?? 4
    return [
      PlaceGrid(stride: stride, height: height, width: width),
      PlaceGrid(stride: 2 * stride, height: (height + 1) / 2, width: (width + 1) / 2),
    ]
  }

  /// Objects of every size, some of them twice, some on the points' raster; the input's border cuts them.
  static func boxes(_ generator: inout SeededGenerator, on grid: PlaceGrid) -> [BoundingBox] {
    let area = ImageArea(width: Float(grid.width * grid.stride), height: Float(grid.height * grid.stride))
    var boxes: [BoundingBox] = []
    for _ in 0..<generator.integer(in: 0...12) {
      let isOnRaster = generator.chance(0.3)
      func number(_ low: Double, _ high: Double) -> Float {
        let value = Float(generator.uniform(low, high))
        return isOnRaster ? (value / Float(grid.stride)).rounded() * Float(grid.stride) : value
      }
      let (x, y) = (number(-10, Double(area.width)), number(-10, Double(area.height)))
      let box = area.clip(
        BoundingBox(
          x1: x, y1: y, x2: x + number(0.5, Double(area.width)), y2: y + number(0.5, Double(area.height))))
      guard box.width > 0, box.height > 0 else { continue }
      boxes.append(box)
      if generator.chance(0.1) { boxes.append(box) }
    }
    return boxes
  }

  @Test(arguments: 0..<300) func pointsFindTheObjectsOfThePlainRule(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let grids = Self.grids(&generator)
    let limit = Float(generator.uniform(5, 60))
    let rules = FCOSTargets(
      levels: [
        .init(stride: grids[0].stride, distances: 0...limit), .init(stride: grids[1].stride, distances: limit...1e8),
      ], centerRadius: generator.chance(0.2) ? nil : Float(generator.uniform(0.3, 3)))
    var assignment = PointAssignment(rules, grids: grids)
    var shown = 0
    // Three images, since an assignment keeps its work space.
    for image in 0..<3 {
      let boxes = Self.boxes(&generator, on: grids[0])
      for (level, grid) in grids.enumerated() {
        let points = FCOSTargets.points(stride: grid.stride, height: grid.height, width: grid.width)
        let plain = rules.targets(level: rules.levels[level], points: points, groundTruths: boxes)
          .map { Int32($0.groundTruth ?? -1) }
        var found = [Int32](repeating: 7, count: grid.count)
        assignment.assign(boxes, level: level, to: &found)
        #expect(found == plain, "seed \(seed), image \(image), level \(level), \(boxes)")
        shown += plain.count { $0 >= 0 }
      }
    }
    if seed == 0 { #expect(shown > 0) }
  }

  @Test(arguments: 0..<300) func anchorsFindTheObjectsOfThePlainRule(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let grids = Self.grids(&generator)
    let scale = generator.chance(0.5) ? 4 : Float(generator.uniform(1, 8))
    let anchors = grids.map {
      AnchorGrid(stride: $0.stride, scales: [scale], ratios: [1]).anchors(height: $0.height, width: $0.width)
    }
    let assigner = ATSSAssigner(nearest: generator.integer(in: 1...20))
    var assignment = AdaptiveAssignment(assigner, grids: grids, anchors: anchors)
    var shown = 0
    for image in 0..<3 {
      let boxes = Self.boxes(&generator, on: grids[0])
      let plain = assigner.assign(anchors.flatMap { $0 }, levelCounts: grids.map(\.count), groundTruths: boxes)
        .matches.map { Int32($0.groundTruth ?? -1) }
      var found = grids.map { [Int32](repeating: 7, count: $0.count) }
      assignment.assign(boxes, to: &found)
      #expect(found.flatMap { $0 } == plain, "seed \(seed), image \(image), \(boxes)")
      shown += plain.count { $0 >= 0 }
    }
    if seed == 0 { #expect(shown > 0) }
  }
}
