import Formulas
import Losses

/// The probes of REG: predicted boxes on straight ways to their targets.
enum BoxProbes {
  /// Batches in the order in which they are tried: the first target size alone, first 15 boxes (by their values, then with the gradient), then all
  /// sizes.
  static func batches(_ settings: VerificationSettings) -> [ProbeBatch] {
    let first = Array(settings.targetSizes.prefix(1))
    let few: [BoxFamily] = [.shift, .growth, .shrinking, .aspect]
    return [
      batch(first, families: few, settings, handful: [4, 4, 3, 4], scope: .handfulOfValues),
      batch(first, families: few, settings, handful: [4, 4, 3, 4], scope: .handful),
      batch(first, families: [.shift, .growth, .shrinking], settings),
      batch(settings.targetSizes, families: BoxFamily.allCases, settings),
    ]
  }

  /// - Parameter handful: the number of probes on the first path of each family; nil for all paths.
  private static func batch(
    _ sizes: [[Double]], families: [BoxFamily], _ settings: VerificationSettings, handful: [Int]? = nil,
    scope: ProbeBatch.Scope = .full
  ) -> ProbeBatch {
    var areas: [BoxOverlap<Double>] = []
    var sequences: [ProbeSequence] = []
    var probes: [Probe] = []
    var valueOnly = Set<Int>()
    func append(_ probed: BoxOverlap<Double>, isTarget: Bool, _ probe: Probe) {
      if probed.intersection <= 0 || isTarget { valueOnly.insert(probes.count) }
      areas.append(probed)
      probes.append(probe)
    }
    for size in sizes {
      let (width, height) = (size[0], size[1])
      let target = ProbeBox(centerX: 0, centerY: 0, width: width, height: height)
      let targetRow = probes.count
      append(
        target.overlap(with: target), isTarget: true,
        .boxes(family: .shift, path: 0, width: width, height: height, progress: 1))
      for (order, family) in families.enumerated() {
        let steps = handful?[order] ?? settings.pathSteps
        for (path, start) in family.starts.enumerated() where handful == nil || path == 0 {
          let first = probes.count
          var directions: [BoxDirection] = []
          let from = ProbeBox(
            centerX: start.dx * width, centerY: start.dy * height, width: start.sw * width, height: start.sh * height)
          let end =
            family.isStrict
            ? target : ProbeBox(centerX: 0, centerY: 0, width: start.sw * width, height: start.sh * height)
          for step in 0..<steps {
            let progress = Double(step) / Double(steps - 1)
            let box = from.moved(towards: end, by: progress)
            let probed = box.overlap(with: target)
            if family == .disjoint, probed.intersection > 0 { break }
            directions.append(box.direction(from: from, to: end, target: target))
            append(
              probed, isTarget: family.isStrict && step == steps - 1,
              .boxes(family: family, path: path, width: width, height: height, progress: progress))
          }
          sequences.append(
            ProbeSequence(
              rows: first..<probes.count,
              demand: .boxes(isStrict: family.isStrict, directions: directions, targetRow: targetRow)))
        }
      }
    }
    return ProbeBatch(
      classes: 1,
      inputs: [(.u, areas.map(\.union)), (.i, areas.map(\.intersection)), (.e, areas.map(\.enclosing))],
      sequences: sequences, probes: probes, valueOnly: valueOnly, scope: scope)
  }
}

/// A box by its corners x1, y1, x2, y2, in pixels.
struct ProbeBox: Sendable {
  let corners: [Double]

  init(corners: [Double]) {
    self.corners = corners
  }

  init(centerX: Double, centerY: Double, width: Double, height: Double) {
    corners = [centerX - width / 2, centerY - height / 2, centerX + width / 2, centerY + height / 2]
  }

  /// The box at a share of the straight way to another.
  func moved(towards end: ProbeBox, by share: Double) -> ProbeBox {
    ProbeBox(corners: zip(corners, end.corners).map { $0 + share * ($1 - $0) })
  }

  func overlap(with target: ProbeBox) -> BoxOverlap<Double> { BoxOverlap(corners, target.corners) }

  /// The derivatives of U, I and E while the corners move with the velocity end − start.
  func direction(from start: ProbeBox, to end: ProbeBox, target: ProbeBox) -> BoxDirection {
    let velocity = zip(start.corners, end.corners).map { $1 - $0 }
    func derivative(_ area: BoxOverlap<Double>) -> Double {
      var gradient = [0.0, 0, 0, 0]
      area.pullBack(corners, target.corners, to: &gradient)
      return zip(gradient, velocity).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return BoxDirection(
      union: derivative(BoxOverlap(union: 1, intersection: 0, enclosing: 0)),
      intersection: derivative(BoxOverlap(union: 0, intersection: 1, enclosing: 0)),
      enclosing: derivative(BoxOverlap(union: 0, intersection: 0, enclosing: 1)))
  }
}
