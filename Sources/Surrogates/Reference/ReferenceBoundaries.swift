import Losses

/// The soft F1 score of boundaries in Double and in plain loops.
struct ReferenceBoundaries {
  private let parameters: SurrogateParameters
  private let curves: [SurrogateCurve]

  init(_ parameters: SurrogateParameters, _ curves: [SurrogateCurve]) {
    (self.parameters, self.curves) = (parameters, curves)
  }

  /// What a class has in all images, number after number.
  private struct Plane {
    var labels: [Bool] = []
    var near: [Bool] = []
    var edge: [Double] = []
    var byProbability: [Double] = []
    var byLeast: [Double] = []
    /// Where the least of the 3 × 3 window lies, and where the largest edge within the tolerance, as places here.
    var least: [Int] = []
    var largest: [Int] = []
  }

  /// The metric and its derivatives by the probabilities.
  func evaluate(_ p: [Double], _ labels: [UInt8], _ shape: LabelMapShape) -> (Double, [Double]) {
    var slopes = [Double](repeating: 0, count: p.count)
    let planes = ((parameters.dropsBackground ? 1 : 0)..<shape.classes).map { label in
      (label, plane(of: label, p, labels, shape))
    }
    let counted = planes.filter { $0.1.labels.contains(true) }
    var metric = 0.0
    for (label, plane) in counted {
      let (score, byEdge) = score(plane)
      metric += score / Double(counted.count)
      for index in plane.edge.indices {
        let (image, pixel) = index.quotientAndRemainder(dividingBy: shape.pixels)
        let offset = (image * shape.classes + label) * shape.pixels
        let by = byEdge[index] / Double(counted.count)
        slopes[offset + pixel] += by * plane.byProbability[index]
        slopes[offset + plane.least[index] - image * shape.pixels] += by * plane.byLeast[index]
      }
    }
    return (counted.isEmpty ? .nan : metric, slopes)
  }

  private func plane(of label: Int, _ p: [Double], _ labels: [UInt8], _ shape: LabelMapShape) -> Plane {
    var plane = Plane()
    for image in 0..<shape.images {
      let offset = (image * shape.classes + label) * shape.pixels
      let start = image * shape.pixels
      let boundary = ReferenceMaps.boundary(of: label, labels[start..<(start + shape.pixels)], shape)
      for pixel in 0..<shape.pixels {
        let window = ReferenceMaps.window(pixel, radius: 1, shape)
        let least = window.dropFirst().reduce(window[0]) { p[offset + $1] < p[offset + $0] ? $1 : $0 }
        let near = ReferenceMaps.window(pixel, radius: parameters.tolerance, shape)
        plane.labels.append(boundary[pixel])
        plane.near.append(near.contains { boundary[$0] })
        plane.least.append(start + least)
        append(&plane, p[offset + pixel], p[offset + least])
      }
      for pixel in 0..<shape.pixels {
        let window = ReferenceMaps.window(pixel, radius: parameters.tolerance, shape).map { start + $0 }
        plane.largest.append(window.dropFirst().reduce(window[0]) { plane.edge[$1] > plane.edge[$0] ? $1 : $0 })
      }
    }
    return plane
  }

  /// The soft boundary of a pixel of probability p whose neighbours have at least m.
  private func append(_ plane: inout Plane, _ p: Double, _ m: Double) {
    let f = curves.enumerated().map { $0.element.evaluate($0.offset % 2 == 0 ? p : m) }
    plane.edge.append(f[2].value + f[3].value - f[2].value * f[3].value - f[0].value * f[1].value)
    plane.byProbability.append(f[2].slope * (1 - f[3].value) - f[0].slope * f[1].value)
    plane.byLeast.append(f[3].slope * (1 - f[2].value) - f[1].slope * f[0].value)
  }

  /// F1 and its derivatives by the soft boundary.
  private func score(_ plane: Plane) -> (Double, [Double]) {
    let epsilon = SurrogateParameters.epsilon
    let places = plane.edge.indices
    let all = plane.edge.reduce(epsilon, +)
    let near = places.reduce(0) { $0 + (plane.near[$1] ? plane.edge[$1] : 0) }
    let wanted = places.reduce(epsilon) { $0 + (plane.labels[$1] ? 1 : 0) }
    let found = places.reduce(0) { $0 + (plane.labels[$1] ? plane.edge[plane.largest[$1]] : 0) }
    let (precision, recall) = (near / all, found / wanted)
    let sum = precision + recall + epsilon
    let byPrecision = 2 * recall * (sum - precision) / (sum * sum)
    let byRecall = 2 * precision * (sum - recall) / (sum * sum)
    var slopes = places.map { byPrecision * ((plane.near[$0] ? 1 : 0) / all - near / (all * all)) }
    for place in places where plane.labels[place] { slopes[plane.largest[place]] += byRecall / wanted }
    return (2 * precision * recall / sum, slopes)
  }
}
