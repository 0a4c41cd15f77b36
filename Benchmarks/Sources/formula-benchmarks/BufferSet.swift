import Formulas
import Foundation
import Losses
import Randomness

/// The inputs of a loss and the places of its results, each array at a multiple of 64 bytes and touched once.
final class BufferSet {
  let elements: Int
  private(set) var inputs = InputPointers()
  private(set) var gradients = GradientPointers()
  let value: UnsafeMutablePointer<Float>
  private let variables: [Variable]
  private var owned: [UnsafeMutablePointer<Float>] = []

  /// Draws the inputs of set number `index`; the same for the same numbers.
  init(_ loss: LossCase, elements: Int, index: Int) {
    self.elements = elements
    variables = loss.mode.variables
    value = Self.array(elements)
    owned.append(value)
    var random = SeededGenerator(seed: 1, stream: loss.rawValue, index: UInt64(index))
    let drawn =
      switch loss {
      case .classification:
        Self.classification(elements: elements, classes: loss.classes(elements: elements), using: &random)
      case .regression: Self.regression(elements: elements, using: &random)
      }
    for (variable, numbers) in zip(variables, drawn) {
      let place = Self.array(elements)
      place.update(from: numbers, count: elements)
      inputs[variable] = UnsafePointer(place)
      owned.append(place)
    }
    for variable in loss.mode.differentiableVariables {
      let place = Self.array(elements)
      gradients[variable] = place
      owned.append(place)
    }
  }

  deinit { for array in owned { array.deallocate() } }

  /// The numbers of a variable, in the order of the elements.
  func numbers(of variable: Variable) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: inputs[variable], count: elements)
  }

  /// The inputs as bytes, one variable after the other.
  var inputBytes: Data {
    variables.reduce(into: Data()) { $0.append(numbers(of: $1)) }
  }

  private static func array(_ count: Int) -> UnsafeMutablePointer<Float> {
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
    let array = bytes.bindMemory(to: Float.self, capacity: count)
    array.initialize(repeating: 0, count: count)
    return array
  }

  /// X, Q, PY, NY: a quarter of the rows show an object, with a random IoU; logits as a network in training gives them.
  private static func classification(elements: Int, classes: Int, using random: inout SeededGenerator) -> [[Float]] {
    let logits = (0..<elements).map { _ in Float(3 * random.normal() - 1) }
    var quality = [Float](repeating: 0, count: elements)
    var positive = quality
    for row in 0..<(elements / classes) where random.chance(0.25) {
      let place = row * classes + random.index(below: classes)
      quality[place] = Float(random.uniform(0.05, 1))
      positive[place] = 1
    }
    return [logits, quality, positive, positive.map { 1 - $0 }]
  }

  /// U, I, E of boxes of 8 to 512 pixels and predictions near them, some of them apart.
  private static func regression(elements: Int, using random: inout SeededGenerator) -> [[Float]] {
    var areas = [[Float]](repeating: [], count: 3)
    for _ in 0..<elements {
      var sides = (union: 0.0, product: 1.0, intersection: 1.0, enclosing: 1.0)
      var targetArea = 1.0
      for _ in 0..<2 {
        let size = exp(random.uniform(log(8), log(512)))
        let predicted = size * exp(0.3 * random.normal())
        let shift = random.uniform(-0.7, 0.7) * size
        let (low, high) = (shift, shift + predicted)
        targetArea *= size
        sides.product *= predicted
        sides.intersection *= max(0, min(high, size) - max(low, 0))
        sides.enclosing *= max(high, size) - min(low, 0)
      }
      sides.union = targetArea + sides.product - sides.intersection
      areas[0].append(Float(sides.union + 1e-7))
      areas[1].append(Float(sides.intersection))
      areas[2].append(Float(sides.enclosing + 1e-7))
    }
    return areas
  }
}
