/// The anchors of both pyramid levels for one size of input, with their places in the proposal network's outputs.
struct PyramidAnchors: Sendable {
  /// One pyramid level: cells and anchors a cell.
  struct Level: Sendable {
    let height, width, perCell: Int
    /// Index of the level's first anchor among all.
    let start: Int
    var count: Int { height * width * perCell }
  }

  let levels: [Level]
  /// Anchors of the finer level, then of the coarser; in each by row, column, anchor (the order of the outputs).
  let boxes: [BoundingBox]

  /// `cells` are height and width of each level's feature map.
  init(_ settings: ProposalSettings, strides: [Int], cells: [(height: Int, width: Int)]) {
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
struct ProposalOutputs {
  /// Logit that the anchor shows any object; one number an anchor.
  let objectness: UnsafeMutableBufferPointer<Float>
  let objectnessGradient: UnsafeMutableBufferPointer<Float>
  /// Deltas from the anchor to the object; four numbers an anchor.
  let deltas: UnsafeMutableBufferPointer<Float>
  let deltasGradient: UnsafeMutableBufferPointer<Float>

  /// The four deltas of the anchor at `place` of the buffers.
  func deltas(at place: Int) -> BoxDeltas {
    BoxDeltas(
      dx: deltas[4 * place], dy: deltas[4 * place + 1], dw: deltas[4 * place + 2], dh: deltas[4 * place + 3])
  }
}
