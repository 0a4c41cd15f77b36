/// The anchors of both pyramid levels for one size of input, with their places in the proposal network's outputs.
package struct PyramidAnchors: Sendable {
  /// One pyramid level: cells and anchors a cell.
  package struct Level: Sendable {
    package let height, width, perCell: Int
    /// Index of the level's first anchor among all.
    package let start: Int
    package var count: Int { height * width * perCell }
  }

  package let levels: [Level]
  /// Anchors of the finer level, then of the coarser; in each by row, column, anchor (the order of the outputs).
  package let boxes: [BoundingBox]

  /// `cells` are height and width of each level's feature map.
  package init(_ settings: ProposalSettings, strides: [Int], cells: [(height: Int, width: Int)]) {
    var levels: [Level] = []
    var boxes: [BoundingBox] = []
    for (index, stride) in strides.enumerated() {
      let scales = settings.anchorSizes[index].map { $0 / Float(stride) }
      let grid = AnchorGrid(stride: stride, scales: scales, ratios: settings.anchorRatios)
      let (height, width) = cells[index]
      levels.append(Level(height: height, width: width, perCell: grid.bases.count, start: boxes.count))
      boxes += grid.anchors(height: height, width: width)
    }
    (self.levels, self.boxes) = (levels, boxes)
  }
}

/// What the proposal network says at one pyramid level: data and gradient buffers, images × cells × anchors.
package struct ProposalOutputs {
  /// Logit that the anchor shows any object; one number an anchor.
  package let objectness: UnsafeMutableBufferPointer<Float>
  package let objectnessGradient: UnsafeMutableBufferPointer<Float>
  /// Deltas from the anchor to the object; four numbers an anchor.
  package let deltas: UnsafeMutableBufferPointer<Float>
  package let deltasGradient: UnsafeMutableBufferPointer<Float>

  package init(
    objectness: UnsafeMutableBufferPointer<Float>, objectnessGradient: UnsafeMutableBufferPointer<Float>,
    deltas: UnsafeMutableBufferPointer<Float>, deltasGradient: UnsafeMutableBufferPointer<Float>
  ) {
    (self.objectness, self.objectnessGradient) = (objectness, objectnessGradient)
    (self.deltas, self.deltasGradient) = (deltas, deltasGradient)
  }

  /// The four deltas of the anchor at `place` of the buffers.
  func deltas(at place: Int) -> BoxDeltas {
    BoxDeltas(
      dx: deltas[4 * place], dy: deltas[4 * place + 1], dw: deltas[4 * place + 2], dh: deltas[4 * place + 3])
  }
}
