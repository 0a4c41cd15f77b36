/// The functions of a generated Swift file, each written only where it is used.
enum SwiftHelper: CaseIterable {
  case sigmoid, sgdfSlope, salfSlope, serfSlope, combine, softmax, softmaxSlope, sums, repeated

  var definition: String {
    switch self {
    case .sigmoid:
      """
      private static func sigmoid(_ x: Double) -> Double {
        let z = exp(-abs(x))
        return (x < 0 ? z : 1) / (1 + z)
      }
      """
    case .sgdfSlope:
      """
      private static func sgdfSlope(_ x: Double) -> Double {
        let t = tanh(Double.pi * x / 8)
        return (1 - t * t) / (1 + t * t) / 4
      }
      """
    case .salfSlope:
      """
      private static func salfSlope(_ x: Double) -> Double {
        let c = 1 / (1 + x * x / 4).squareRoot()
        return c * c * c / 4
      }
      """
    case .serfSlope:
      """
      private static func serfSlope(_ x: Double) -> Double {
        let v = x * Double.pi.squareRoot() / 4
        return exp(-v * v) / 4
      }
      """
    case .combine:
      """
      /// Entry by entry; an array of one number goes with every entry of the other.
      private static func combine(_ a: [Double], _ b: [Double], _ body: (Double, Double) -> Double) -> [Double] {
        let count = a.count == 1 ? b.count : a.count
        return (0..<count).map { body(a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
      }
      """
    case .softmax:
      """
      private static func softmaxOfRows(_ x: [Double], _ columns: Int) -> [Double] {
        var result = x
        for start in stride(from: 0, to: x.count, by: columns) {
          let row = start..<(start + columns)
          let top = x[row].reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
          var sum = 0.0
          for k in row {
            result[k] = exp(x[k] - top)
            sum += result[k]
          }
          for k in row { result[k] /= sum }
        }
        return result
      }
      """
    case .softmaxSlope:
      """
      private static func softmaxGradient(_ r: [Double], _ g: [Double], _ columns: Int) -> [Double] {
        var result = r
        for start in stride(from: 0, to: r.count, by: columns) {
          let row = start..<(start + columns)
          let sum = row.reduce(0.0) { $0 + g[$1] * r[$1] }
          for k in row { result[k] = r[k] * (g[k] - sum) }
        }
        return result
      }
      """
    case .sums:
      """
      private static func sumsOfRows(_ x: [Double], _ columns: Int) -> [Double] {
        guard columns > 0 else { return [0] }
        return stride(from: 0, to: x.count, by: columns).map { x[$0..<($0 + columns)].reduce(0, +) }
      }
      """
    case .repeated:
      """
      private static func repeated(_ x: [Double], _ columns: Int) -> [Double] {
        x.flatMap { [Double](repeating: $0, count: columns) }
      }
      """
    }
  }
}
