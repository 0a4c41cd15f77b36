import JSONValues

/// Numbers from nested JSON lists of one shape, row-major.
struct NestedNumbers {
  private(set) var shape: [Int] = []
  private(set) var numbers: [Double] = []
  private let key: String

  /// - Parameter axes: their names, outermost first; as many as the lists are deep.
  /// - Throws: `SurrogateRowFailure` at the place of the first fault.
  init(_ value: JSONValue, key: String, axes: [String]) throws(SurrogateRowFailure) {
    self.key = key
    try read(value, axes: axes[...], depth: 0, place: key)
  }

  private mutating func read(
    _ value: JSONValue, axes: ArraySlice<String>, depth: Int, place: String
  ) throws(SurrogateRowFailure) {
    guard let axis = axes.first else {
      guard let number = value.number else {
        throw SurrogateRowFailure(.wrongSize, key: key, "\(place) is \(value.kind) and no number")
      }
      numbers.append(number)
      return
    }
    guard let elements = value.elements else {
      throw SurrogateRowFailure(.wrongSize, key: key, "\(place) is \(value.kind) and no list over \(axis)")
    }
    if shape.count == depth { shape.append(elements.count) }
    guard elements.count == shape[depth], !elements.isEmpty else {
      throw SurrogateRowFailure(
        .wrongSize, key: key,
        "\(place) has \(elements.count) entries over \(axis)"
          + (elements.isEmpty ? ": give at least one" : ", the lists before it have \(shape[depth])"))
    }
    for (index, element) in elements.enumerated() {
      try read(element, axes: axes.dropFirst(), depth: depth + 1, place: "\(place)[\(index)]")
    }
  }
}
