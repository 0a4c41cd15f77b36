import Formulas
import Foundation
import Losses

/// A way through the inputs, along one number, on which hazards are looked for between the rungs of the ladder.
enum HazardCurve: Hashable, Sendable {
  /// MULTI_CLS, 3 classes, the last the background; the number is added to the logits that move.
  case logits(label: Int, overlap: Double, Moved)
  /// BINARY_CLS, beside an element of background; the number is the logit.
  case element(positive: Double, quality: Double)
  /// REG: the number is the target's width in pixels, its height three quarters of it.
  case size(BoxPlace)
  /// REG: a way of the verification; the number is the share of the way, from 0 to 1.
  case way(BoxFamily, path: Int, width: Double, height: Double)

  enum Moved: CaseIterable, Hashable, Sendable {
    case trueLogit, otherLogits, everyLogit
  }

  static func all(of mode: Mode) -> [HazardCurve] {
    switch mode {
    case .multiClass:
      [(0, 0.5), (0, 1.0), (0, 0.1), (2, 1.0)].flatMap { label, overlap in
        Moved.allCases.map { .logits(label: label, overlap: overlap, $0) }
      }
    case .binaryClass:
      [(0, 0), (1, 1.0), (1, 0.5), (1, 0.1), (1, 0.3), (1, 0.9)].map { .element(positive: $0, quality: $1) }
    case .regression:
      BoxPlace.allCases.map { .size($0) }
        + [(64.0, 48.0), (8, 8), (512, 512)].flatMap { width, height in
          BoxFamily.allCases.flatMap { family in
            family.starts.indices.map { .way(family, path: $0, width: width, height: height) }
          }
        }
    }
  }

  /// Places from one end to the other; `density` times as many as in the coarsest grid.
  func grid(density: Int) -> [Double] {
    switch self {
    case .logits, .element: (-30 * density...30 * density).map { Double($0) / Double(density) }
    case .size: (0...11 * density).map { pow(2, Double($0) / Double(density)) }
    case .way: (0...2 * density).map { Double($0) / Double(2 * density) }
    }
  }

  /// Places between the rungs of the ladder that are traced in every format: eighths of a logit, four sizes an octave, eighths
  /// of a way; for logits only the curves of the ladder.
  var betweenRungs: [Double] {
    switch self {
    case .logits(_, let overlap, let moved): moved == .trueLogit && overlap != 0.1 ? grid(density: 8) : []
    case .element(_, let quality): [0, 0.5, 1].contains(quality) ? grid(density: 8) : []
    case .size, .way: grid(density: 4)
    }
  }

  /// How far a place is from ordinary inputs; hazards are shown at the least.
  func severity(_ place: Double) -> Double {
    switch self {
    case .logits, .element: abs(place)
    case .size: abs(log2(place / 64))
    case .way: 1 - place
    }
  }

  /// The input in words, with all digits.
  func name(_ place: Double) -> String {
    switch self {
    case .logits(let label, let overlap, let moved):
      "\(moved.name(place.exact)), label \(label) of 3, Z \(overlap.brief)"
    case .element(let positive, let quality): "X = \(place.exact), PY = \(positive.brief), Q = \(quality.brief)"
    case .size(let shape):
      "target \(place.exact)×\((0.75 * place).exact) px, prediction \(shape.rawValue)"
    case .way(let family, let path, let width, let height):
      "target \(width.brief)×\(height.brief) px, prediction on the way \(family.rawValue) \(path) at \(place.exact)"
    }
  }

  /// The logits of a row of MULTI_CLS; half a unit between the others, so that they do not tie.
  static func logits(_ label: Int, _ moved: Moved, _ place: Double) -> [Double] {
    (0..<3).map { column in
      let isTrue = column == label
      let base = isTrue ? 0 : column == (label + 1) % 3 ? -0.5 : 0
      switch moved {
      case .trueLogit: return isTrue ? place : base
      case .otherLogits: return isTrue ? 0 : base + place
      case .everyLogit: return base + place
      }
    }
  }

  /// The boxes at a place; nil for logits.
  func boxes(_ place: Double) -> BoxPair? {
    switch self {
    case .logits, .element: return nil
    case .size(let shape): return shape.pair(width: place, height: 0.75 * place)
    case .way(let family, let path, let width, let height):
      let target = ProbeBox(centerX: 0, centerY: 0, width: width, height: height)
      let start = family.starts[path]
      let from = ProbeBox(
        centerX: start.dx * width, centerY: start.dy * height, width: start.sw * width, height: start.sh * height)
      let end =
        family.isStrict
        ? target : ProbeBox(centerX: 0, centerY: 0, width: start.sw * width, height: start.sh * height)
      return BoxPair(predicted: from.moved(towards: end, by: place), target: target)
    }
  }
}

extension HazardCurve.Moved {
  fileprivate func name(_ number: String) -> String {
    switch self {
    case .trueLogit: "true logit \(number), others near 0"
    case .otherLogits: "true logit 0, others near \(number)"
    case .everyLogit: "all logits near \(number)"
    }
  }
}

extension Double {
  /// The shortest decimal that reads back, without ".0".
  fileprivate var exact: String {
    self == rounded() && magnitude < 1e15 ? "\(Int(self))" : "\(self)"
  }
}

/// One input: a place on a curve.
struct HazardPoint: Hashable, Sendable {
  let curve: HazardCurve
  let place: Double

  var severity: Double { curve.severity(place) }
}

extension HazardLadder {
  /// `HazardCurve.betweenRungs` of every curve, the mildest first.
  static func betweenRungs(of mode: Mode) -> HazardLadder {
    switch mode {
    case .multiClass: betweenLogits
    case .binaryClass: betweenElements
    case .regression: betweenBoxes
    }
  }

  private static let betweenLogits = between(.multiClass)
  private static let betweenElements = between(.binaryClass)
  private static let betweenBoxes = between(.regression)

  private static func between(_ mode: Mode) -> HazardLadder {
    let points = HazardCurve.all(of: mode).flatMap { curve in
      curve.betweenRungs.map { HazardPoint(curve: curve, place: $0) }
    }
    return HazardLadder(points.sorted { $0.severity < $1.severity }, mode: mode)
  }

  /// The inputs at points of curves of one mode, in their order.
  init(_ points: [HazardPoint], mode: Mode) {
    batch = AdmissibleBatch(points, mode: mode)
    names = points.map { $0.curve.name($0.place) }
    usualRows = points.map { _ in false }
  }
}

extension AdmissibleBatch {
  /// The inputs at points of curves of one mode.
  init(_ points: [HazardPoint], mode: Mode) {
    guard mode != .regression else {
      self.init(boxes: points.compactMap { $0.curve.boxes($0.place) })
      return
    }
    var inputs = LossInputs<Double>(rows: points.count, classes: mode == .multiClass ? 3 : 2)
    var (x, label, quality) = ([Double](), [Double](), [Double]())
    var truth: [Int?] = []
    for point in points {
      switch point.curve {
      case .logits(let target, let overlap, let moved):
        x += HazardCurve.logits(target, moved, point.place)
        label += (0..<3).map { $0 == target ? 1 : 0 }
        quality += [overlap, overlap, overlap]
        truth.append(target)
      case .element(let positive, let overlap):
        x += [point.place, 0]
        label += [positive, 0]
        quality += [overlap, 0]
        truth.append(positive == 1 ? 0 : nil)
      case .size, .way: continue
      }
    }
    inputs[.x] = x
    if mode == .multiClass {
      (inputs[.y], inputs[.z]) = (label, quality)
    } else {
      (inputs[.q], inputs[.py], inputs[.ny]) = (quality, label, label.map { 1 - $0 })
    }
    self.init(inputs: inputs, truth: truth, boxes: [])
  }
}
