import Formulas
import Losses
import Randomness
import Foundation

/// Boxes that descend together to their targets on the sum of their losses.
///
/// Corners move in units of the target's sides, as the regression branch of a detector moves them, so that small and large
/// boxes count alike. Layout: N boxes of four corners x1, y1, x2, y2 in pixels.
final class BoxDescent: Descent {
  private let settings: SimulationSettings
  private let disjoint: Bool
  private let count: Int
  private let boxes: FloatBuffer
  private let targets: FloatBuffer
  private let union: FloatBuffer
  private let intersection: FloatBuffer
  private let enclosing: FloatBuffer
  private let toUnion: FloatBuffer
  private let toIntersection: FloatBuffer
  private let toEnclosing: FloatBuffer
  private let value: FloatBuffer
  /// Gradient with respect to the corners, in units of the target's sides.
  private let steps: FloatBuffer

  /// Starts: sides 0.58 to 1.73 times the target's; centers within a fifth of the joint size (overlapping), or
  /// two to four target sizes away (disjoint). Targets: 12 to 256 px a side.
  init(disjoint: Bool, _ settings: SimulationSettings) {
    self.settings = settings
    self.disjoint = disjoint
    count = settings.boxes
    var random = SeededGenerator(seed: settings.seed, stream: disjoint ? "disjoint boxes" : "overlapping boxes")
    boxes = FloatBuffer(count: 4 * count)
    targets = FloatBuffer(count: 4 * count)
    (union, intersection, enclosing) = (FloatBuffer(count: count), FloatBuffer(count: count), FloatBuffer(count: count))
    (toUnion, toIntersection, toEnclosing) = (
      FloatBuffer(count: count), FloatBuffer(count: count), FloatBuffer(count: count)
    )
    value = FloatBuffer(count: count)
    steps = FloatBuffer(count: 4 * count)
    for box in 0..<count {
      for axis in 0..<2 {
        let target = 12 * pow(256.0 / 12, random.uniform())
        let size = target * pow(3, random.uniform() - 0.5)
        let reach = disjoint ? random.uniform(2, 4) * target + size / 2 : random.uniform(0, 0.2) * (target + size)
        let center = 300 + (random.chance(0.5) ? reach : -reach)
        targets[4 * box + axis] = Float(300 - target / 2)
        targets[4 * box + axis + 2] = Float(300 + target / 2)
        boxes[4 * box + axis] = Float(center - size / 2)
        boxes[4 * box + axis + 2] = Float(center + size / 2)
      }
    }
  }

  var stepLimit: Int { settings.steps }
  var samples: String { "\(count) \(disjoint ? "disjoint" : "overlapping") boxes" }
  var measure: DescentMeasure { .intersectionOverUnion }
  var required: Double? { disjoint ? nil : settings.requiredOverlap }

  func evaluate(_ program: Program) {
    measureAreas()
    program.evaluate(
      inputs: InputPointers(
        u: UnsafePointer(union.start), i: UnsafePointer(intersection.start), e: UnsafePointer(enclosing.start)),
      rows: count, value: value.start,
      gradients: GradientPointers(u: toUnion.start, i: toIntersection.start, e: toEnclosing.start))
    pullBack()
  }

  /// Descends by all steps, the last of which are the shortest.
  func run(_ program: Program, observe: (Int) -> Void = { _ in }) -> DescentEnding {
    for step in 0..<settings.steps {
      observe(step)
      evaluate(program)
      guard value.isFinite else { return .notFinite(step: step) }
      let scale = (steps.squares / Double(count)).squareRoot()
      guard scale.isFinite else { return .notFinite(step: step) }
      guard scale > 0 else { return .noGradient(step: step) }
      move(by: settings.boxStep * (1 - Double(step) / Double(settings.steps)), scale: scale)
      guard boxes.isFinite else { return .notFinite(step: step) }
    }
    return .stepsUsedUp(step: settings.steps)
  }

  /// Small, middle and large boxes by COCO's limits, the square root of the target's area.
  var groups: [DescentGroup] {
    let sides = (0..<count).map { box in
      Double(
        ((targets[4 * box + 2] - targets[4 * box]) * (targets[4 * box + 3] - targets[4 * box + 1])).squareRoot())
    }
    let kinds: [(String, Range<Double>)] = [
      ("targets below 32 px", 0..<32), ("of 32 to 96 px", 32..<96), ("from 96 px", 96..<Double.infinity),
    ]
    return kinds.map { name, range in
      DescentGroup(name: name, levels: sides.indices.filter { range.contains(sides[$0]) }.map(overlap))
    }.filter { !$0.levels.isEmpty }
  }

  var squaredGradients: [Double] {
    (0..<count).map { box in
      (0..<4).reduce(0) { $0 + Double(steps[4 * box + $1]) * Double(steps[4 * box + $1]) }
    }
  }

  var meanLoss: Double { (0..<count).reduce(0) { $0 + Double(value[$1]) } / Double(max(count, 1)) }

  /// The mean IoU with the targets, in [0, 1].
  var level: Double { (0..<count).reduce(0) { $0 + overlap(of: $1) } / Double(max(count, 1)) }

  private func overlap(of box: Int) -> Double {
    Double(BoxOverlap<Float>.intersectionOverUnion(boxes.start + 4 * box, targets.start + 4 * box))
  }

  private func measureAreas() {
    for box in 0..<count {
      let areas = BoxOverlap<Float>(boxes.start + 4 * box, targets.start + 4 * box)
      union[box] = areas.union
      intersection[box] = areas.intersection
      enclosing[box] = areas.enclosing
    }
  }

  /// Corner gradients in units of the target's sides. Where the boxes do not overlap, U, I and E may have no finite slope (the
  /// square root of IoU); such a box stands still.
  private func pullBack() {
    for box in 0..<count {
      let areas = BoxOverlap<Float>(
        union: toUnion[box], intersection: toIntersection[box], enclosing: toEnclosing[box])
      let corners = steps.start + 4 * box
      areas.pullBack(boxes.start + 4 * box, targets.start + 4 * box, to: corners)
      let (width, height) = (targets[4 * box + 2] - targets[4 * box], targets[4 * box + 3] - targets[4 * box + 1])
      let isStuck = intersection[box] <= 0 && !(0..<4).allSatisfy { corners[$0].isFinite }
      for corner in 0..<4 { corners[corner] = isStuck ? 0 : corners[corner] * (corner % 2 == 0 ? width : height) }
    }
  }

  /// A step along the gradient over its scale; no corner moves more than half a target side at once.
  private func move(by step: Double, scale: Double) {
    for entry in 0..<(4 * count) {
      let side = targets[entry / 4 * 4 + 2 + entry % 2] - targets[entry / 4 * 4 + entry % 2]
      let moved = Float(step) * (steps[entry] / Float(scale))
      boxes[entry] -= side * min(max(moved, -0.5), 0.5)
    }
  }
}
