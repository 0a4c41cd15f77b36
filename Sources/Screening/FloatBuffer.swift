/// Room for Float numbers that C code and descent share; freed with the object.
final class FloatBuffer {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int, repeating value: Float = 0) {
    self.count = count
    start = .allocate(capacity: max(count, 1))
    start.initialize(repeating: value, count: max(count, 1))
  }

  convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (index, value) in values.enumerated() { start[index] = value }
  }

  deinit { start.deallocate() }

  subscript(index: Int) -> Float {
    get { start[index] }
    set { start[index] = newValue }
  }

  /// Whether every number is finite.
  var isFinite: Bool { (0..<count).allSatisfy { start[$0].isFinite } }

  /// The sum of squares, in Double.
  var squares: Double { (0..<count).reduce(0) { $0 + Double(start[$1]) * Double(start[$1]) } }
}
