/// Union, intersection and enclosing area of a predicted and a target box in square pixels, as the letters U, I, E mean them
/// (golden README: 1e-7 is added to union and enclosing area).
struct BoxAreas: Sendable {
  let union: Double
  let intersection: Double
  let enclosing: Double

  static let epsilon = 1e-7

  init(_ box: ProbeBox, _ target: ProbeBox) {
    let width = max(0, min(box.x2, target.x2) - max(box.x1, target.x1))
    let height = max(0, min(box.y2, target.y2) - max(box.y1, target.y1))
    intersection = width * height
    union = box.area + target.area - intersection + Self.epsilon
    let outerWidth = max(0, max(box.x2, target.x2) - min(box.x1, target.x1))
    let outerHeight = max(0, max(box.y2, target.y2) - min(box.y1, target.y1))
    enclosing = outerWidth * outerHeight + Self.epsilon
  }

  /// The derivatives at a box while its corners move with the velocity end − start. Where corners of box and target
  /// coincide the one-sided derivative of no overlap change is taken; ends of a way are not judged by slope.
  static func direction(of box: ProbeBox, from start: ProbeBox, to end: ProbeBox, target: ProbeBox) -> BoxDirection {
    let (x1, y1, x2, y2) = (end.x1 - start.x1, end.y1 - start.y1, end.x2 - start.x2, end.y2 - start.y2)
    let width = min(box.x2, target.x2) - max(box.x1, target.x1)
    let height = min(box.y2, target.y2) - max(box.y1, target.y1)
    let widthRate = (box.x2 < target.x2 ? x2 : 0) - (box.x1 > target.x1 ? x1 : 0)
    let heightRate = (box.y2 < target.y2 ? y2 : 0) - (box.y1 > target.y1 ? y1 : 0)
    let overlaps = width > 0 && height > 0
    let intersection = overlaps ? widthRate * height + width * heightRate : 0
    let area = (x2 - x1) * (box.y2 - box.y1) + (box.x2 - box.x1) * (y2 - y1)
    let outerWidth = max(box.x2, target.x2) - min(box.x1, target.x1)
    let outerHeight = max(box.y2, target.y2) - min(box.y1, target.y1)
    let outerWidthRate = (box.x2 > target.x2 ? x2 : 0) - (box.x1 < target.x1 ? x1 : 0)
    let outerHeightRate = (box.y2 > target.y2 ? y2 : 0) - (box.y1 < target.y1 ? y1 : 0)
    return BoxDirection(
      union: area - intersection, intersection: intersection,
      enclosing: outerWidthRate * outerHeight + outerWidth * outerHeightRate)
  }
}

extension ProbeBox {
  var area: Double { (x2 - x1) * (y2 - y1) }
}
