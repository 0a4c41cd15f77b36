import Formulas
import Losses

/// Inputs on which hazards are looked for, from ordinary to extreme, so that the first that shows one is the mildest.
///
/// Classification: logits (BINARY_CLS) or gaps between the true logit and the others (MULTI_CLS) from 0 to ±30 in steps of 1,
/// which confident detectors reach. REG: targets of 1 to 2048 px a side, from 64 px outwards; predictions at, on, in,
/// around, beside and far from them. Ours.
struct HazardLadder: Sendable {
  let batch: AdmissibleBatch
  /// In words, for each row.
  let names: [String]
  /// The rows whose gradients tell what size is usual: |x| or |gap| up to 10; all boxes.
  let usualRows: [Bool]

  static func of(_ mode: Mode) -> HazardLadder {
    switch mode {
    case .multiClass: multiClass
    case .binaryClass: binaryClass
    case .regression: regression
    }
  }

  /// 0, 1, −1, … up to ±30; 1 − Sig(x) keeps two digits in Double there.
  private static let rungs: [Double] = [0] + (1...30).flatMap { [Double($0), -Double($0)] }

  private static let multiClass: HazardLadder = {
    // (label, Z); the last of 3 columns is the background.
    let targets = [(0, 0.5), (0, 1.0), (2, 1.0)]
    var (x, y, z) = ([Double](), [Double](), [Double]())
    var names: [String] = []
    for rung in rungs {
      for (label, overlap) in targets {
        // Half a unit between the others, so that they do not tie.
        x += (0..<3).map { $0 == label ? rung : $0 == (label + 1) % 3 ? -0.5 : 0 }
        y += (0..<3).map { $0 == label ? 1 : 0 }
        z += [overlap, overlap, overlap]
        names.append("true logit \(rung.brief), others near 0, label \(label) of 3, Z \(overlap.brief)")
      }
    }
    var inputs = LossInputs<Double>(rows: names.count, classes: 3)
    (inputs[.x], inputs[.y], inputs[.z]) = (x, y, z)
    return HazardLadder(
      batch: AdmissibleBatch(inputs: inputs, truth: names.indices.map { targets[$0 % targets.count].0 }, boxes: []),
      names: names, usualRows: rungs.flatMap { rung in targets.map { _ in abs(rung) <= 10 } })
  }()

  private static let binaryClass: HazardLadder = {
    // (PY, Q) of the element that is looked at; the one beside it is that of the first rung, so that what fails there is said
    // to be at X = 0.
    let targets: [(Double, Double)] = [(0, 0), (1, 1), (1, 0.5)]
    var (x, q, py) = ([Double](), [Double](), [Double]())
    var names: [String] = []
    for rung in rungs {
      for (positive, quality) in targets {
        x += [rung, 0]
        py += [positive, 0]
        q += [quality, 0]
        names.append("X = \(rung.brief), PY = \(positive.brief), Q = \(quality.brief)")
      }
    }
    var inputs = LossInputs<Double>(rows: names.count, classes: 2)
    (inputs[.x], inputs[.q], inputs[.py], inputs[.ny]) = (x, q, py, py.map { 1 - $0 })
    return HazardLadder(
      batch: AdmissibleBatch(
        inputs: inputs, truth: names.indices.map { targets[$0 % targets.count].0 == 1 ? 0 : nil }, boxes: []),
      names: names, usualRows: rungs.flatMap { rung in targets.map { _ in abs(rung) <= 10 } })
  }()

  private static let regression: HazardLadder = {
    let sizes: [Double] = [64, 32, 128, 16, 256, 8, 512, 4, 1024, 2, 2048, 1]
    var pairs: [BoxPair] = []
    var names: [String] = []
    for size in sizes {
      let (width, height) = (size, size * 0.75)
      for place in BoxPlace.allCases {
        pairs.append(place.pair(width: width, height: height))
        names.append("target \(width.brief)×\(height.brief) px, prediction \(place.rawValue)")
      }
    }
    return HazardLadder(batch: AdmissibleBatch(boxes: pairs), names: names, usualRows: pairs.map { _ in true })
  }()
}

/// Where a prediction lies with respect to its target.
enum BoxPlace: String, CaseIterable {
  case shifted = "shifted by a quarter"
  case smaller = "inside it"
  case larger = "around it"
  case equal = "equal to it"
  case near = "beside it"
  case far = "four widths away"
  case touching = "touching it"

  /// The boxes for a target of this size in pixels.
  func pair(width: Double, height: Double) -> BoxPair {
    let shape = shape
    return BoxPair(
      predicted: ProbeBox(
        centerX: shape.dx * width, centerY: shape.dy * height, width: shape.sw * width, height: shape.sh * height),
      target: ProbeBox(centerX: 0, centerY: 0, width: width, height: height))
  }

  /// Center and sides in units of the target's sides.
  private var shape: (dx: Double, dy: Double, sw: Double, sh: Double) {
    switch self {
    case .shifted: (0.25, 0.125, 1.125, 0.875)
    case .smaller: (0.0625, 0.0625, 0.5, 0.5)
    case .larger: (0.125, 0.0625, 2, 2.5)
    case .equal: (0, 0, 1, 1)
    case .near: (1.5, 0.25, 1.25, 1)
    case .far: (4, 4, 1, 1.5)
    case .touching: (1, 0, 1, 1)
    }
  }
}
