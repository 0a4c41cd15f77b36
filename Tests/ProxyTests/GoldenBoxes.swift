import GoldenData
import Proxy

extension GoldenValue {
  /// Rows of four numbers as boxes.
  var boxes: [BoundingBox] {
    (array ?? []).map { row in
      let v = row.floats
      return BoundingBox(x1: v[0], y1: v[1], x2: v[2], y2: v[3])
    }
  }

  /// Whole numbers in row-major order.
  var integers: [Int] { doubles.map { Int($0) } }

  /// Height and width as an area; nil for null.
  var area: ImageArea? {
    let v = floats
    return v.count == 2 ? ImageArea(width: v[1], height: v[0]) : nil
  }
}

extension BoundingBox {
  var coordinates: [Float] { [x1, y1, x2, y2] }
}

/// The rows of a golden file whose `kind` is one of these.
func goldenRows(_ file: String, _ kinds: Set<String>) -> [GoldenValue] {
  ((try? GoldenFile(file).rows()) ?? []).filter { kinds.contains($0["kind"].string ?? "") }
}

/// The first place where two lists differ by more than `tolerance` times the largest reference (nan equals nan); nil when none does.
func disagreement(_ ours: [Float], _ golden: [Float], tolerance: Float) -> String? {
  guard ours.count == golden.count else { return "\(ours.count) numbers instead of \(golden.count)" }
  let scale = golden.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  for (index, (a, b)) in zip(ours, golden).enumerated() {
    if a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(scale, 1e-6) { continue }
    return "entry \(index): \(a) instead of \(b)"
  }
  return nil
}
