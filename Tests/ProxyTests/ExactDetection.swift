import Formulas
import Foundation
import Losses
import Proxy

/// A box in Double with the measures of the losses, written from their definitions: slopes of these no rounding blurs.
struct ExactBox {
  var x1, y1, x2, y2: Double

  init(x1: Double, y1: Double, x2: Double, y2: Double) {
    (self.x1, self.y1, self.x2, self.y2) = (x1, y1, x2, y2)
  }

  init(_ box: BoundingBox) {
    self.init(x1: Double(box.x1), y1: Double(box.y1), x2: Double(box.x2), y2: Double(box.y2))
  }

  /// The box that four numbers describe.
  init(_ n: [Double], _ coding: BoxCoding) {
    switch coding {
    case .deltas(let coder, let anchor):
      let (a, raw) = (ExactBox(anchor), Self.raw(n, coder))
      let limit = abs(log(Double(coder.ratioClip)))
      let x = (a.x1 + a.x2) / 2 + (a.x2 - a.x1) * raw[0]
      let y = (a.y1 + a.y2) / 2 + (a.y2 - a.y1) * raw[1]
      let width = (a.x2 - a.x1) * exp(min(max(raw[2], -limit), limit))
      let height = (a.y2 - a.y1) * exp(min(max(raw[3], -limit), limit))
      self.init(x1: x - width / 2, y1: y - height / 2, x2: x + width / 2, y2: y + height / 2)
    case .distances(let point, let unit): self.init(around: point, n.map { $0 * Double(unit) })
    case .logDistances(let point, let unit):
      self.init(around: point, n.map { exp(min($0, Double(BoxCoding.largestLog))) * Double(unit) })
    }
  }

  private init(around point: Point, _ sides: [Double]) {
    let (x, y) = (Double(point.x), Double(point.y))
    self.init(x1: x - sides[0], y1: y - sides[1], x2: x + sides[2], y2: y + sides[3])
  }

  private static func raw(_ n: [Double], _ coder: DeltaCoder) -> [Double] {
    let (m, d) = (coder.means, coder.deviations)
    return zip(n, zip([m.dx, m.dy, m.dw, m.dh], [d.dx, d.dy, d.dw, d.dh])).map { $0 * Double($1.1) + Double($1.0) }
  }

  var area: Double { (x2 - x1) * (y2 - y1) }

  func intersection(_ other: ExactBox) -> Double {
    max(min(x2, other.x2) - max(x1, other.x1), 0) * max(min(y2, other.y2) - max(y1, other.y1), 0)
  }

  /// Intersection over union, at least 1e-7, as Q, Z, box weights and centerness take it.
  func overlap(_ other: ExactBox) -> Double {
    let inner = intersection(other)
    return max(inner / max(area + other.area - inner, 1e-6), 1e-7)
  }
}

/// A box loss in Double, on one box.
struct ExactBoxLoss {
  let loss: BoxLoss
  private let formula: ReferenceEvaluator?

  init(_ loss: BoxLoss) throws {
    self.loss = loss
    formula = try loss.formula.map { try ReferenceEvaluator($0, mode: .regression) }
  }

  /// The loss of four numbers, with the loss's weight.
  func value(_ n: [Double], _ coding: BoxCoding, target: BoundingBox) throws -> Double {
    let value: Double
    switch loss.kind {
    case .formula:
      let (box, wanted) = (ExactBox(n, coding), ExactBox(target))
      let inner = box.intersection(wanted)
      var inputs = LossInputs<Double>(rows: 1)
      inputs[.u] = [box.area + wanted.area - inner + 1e-7]
      inputs[.i] = [inner]
      inputs[.e] = [
        max(max(box.x2, wanted.x2) - min(box.x1, wanted.x1), 0)
          * max(max(box.y2, wanted.y2) - min(box.y1, wanted.y1), 0)
          + 1e-7
      ]
      value = try formula?.value(inputs)[0] ?? .nan
    case .l1Deltas: value = Self.distances(n, coding, target).reduce(0, +)
    case .smoothL1Deltas(let beta):
      let beta = Double(beta)
      value = Self.distances(n, coding, target).reduce(0) { $0 + ($1 < beta ? $1 * $1 / (2 * beta) : $1 - beta / 2) }
    }
    return Double(loss.weight) * value
  }

  private static func distances(_ n: [Double], _ coding: BoxCoding, _ target: BoundingBox) -> [Double] {
    let wanted = coding.encode(target)
    return n.indices.map { abs(n[$0] - Double(wanted[$0])) }
  }
}

/// Functions and slopes in Double.
enum Exact {
  static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

  /// Central difference of `loss` in one number; with this step truncation and rounding stay below 1e-8 of the values.
  static func slope(_ numbers: [Double], at index: Int, _ loss: ([Double]) throws -> Double) rethrows -> Double {
    let step = 1e-5
    var moved = numbers
    moved[index] = numbers[index] + step
    let above = try loss(moved)
    moved[index] = numbers[index] - step
    return (above - (try loss(moved))) / (2 * step)
  }

  /// Where a gradient in Float is farther from the slopes than `tolerance` of the largest; nil: nowhere.
  static func disagreement(_ gradient: [Float], _ slopes: [Double], tolerance: Double) -> String? {
    guard gradient.count == slopes.count else { return "\(gradient.count) numbers instead of \(slopes.count)" }
    let bound = tolerance * max(slopes.reduce(0) { max($0, abs($1)) }, 1e-6)
    for (index, (found, slope)) in zip(gradient, slopes).enumerated() where !(abs(Double(found) - slope) <= bound) {
      return "entry \(index): \(found), slope \(slope), bound \(bound)"
    }
    return nil
  }
}
