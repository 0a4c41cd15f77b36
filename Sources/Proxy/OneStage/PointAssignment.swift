/// `FCOSTargets` on whole feature maps: looks only at the points near each object's centre and allocates nothing.
package struct PointAssignment {
  private let rules: FCOSTargets
  private let grids: [PlaceGrid]
  private let points: [[Point]]
  /// The area of the object that each point shows, by level.
  private var areas: [[Float]]

  /// A grid for each level of `rules`.
  package init(_ rules: FCOSTargets, grids: [PlaceGrid]) {
    (self.rules, self.grids) = (rules, grids)
    points = grids.map { FCOSTargets.points(stride: $0.stride, height: $0.height, width: $0.width) }
    areas = grids.map { Array(repeating: 0, count: $0.count) }
  }

  /// Writes the index of the object that each point of a level shows, −1 for background; as many places as the level has.
  package mutating func assign(_ boxes: [BoundingBox], level: Int, to objects: inout [Int32]) {
    let (rule, grid) = (rules.levels[level], grids[level])
    for place in objects.indices { objects[place] = -1 }
    for (index, box) in boxes.enumerated() {
      let area = (box.x2 - box.x1) * (box.y2 - box.y1)
      let near = grid.around(rules.core(of: box, level: rule), offset: grid.stride / 2)
      for row in near.rows {
        for place in near.columns.lowerBound + row * grid.width..<near.columns.upperBound + row * grid.width {
          if objects[place] >= 0, areas[level][place] <= area { continue }
          guard rules.claims(box, points[level][place], rule) else { continue }
          objects[place] = Int32(index)
          areas[level][place] = area
        }
      }
    }
  }
}
