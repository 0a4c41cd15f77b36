import Formulas
import Losses

/// A MULTI_CLS formula of X and Y as the loss of every pixel, mean over the pixels that are not ignored; nan without any.
///
/// A row of the formula is a pixel, its classes are the segmenter's; there is no Z, the IoU of a box. The compiled program
/// reads rows, the segmenter writes planes, so blocks of pixels are turned on their side on the way in and out.
public final class FormulaPixelLoss: SegmentationLoss {
  private let program: Program
  private let inputs = WorkingMemory<Float>()
  private let outputs = WorkingMemory<Float>()
  private let counting = WorkingMemory<Int>()

  /// Pixels that are evaluated together: few enough for the second cache.
  private static let block = 2048

  /// - Throws: `PixelFormulaError` for a formula that is no loss of a pixel: not one of MULTI_CLS, one of Z, not one number
  ///   a pixel, or one that mixes pixels.
  public init(_ formula: Formula, instructions: InstructionSet = .best) throws(PixelFormulaError) {
    do throws(FormulaError) {
      program = try Program(formula, mode: .multiClass, instructionSet: instructions)
    } catch {
      throw PixelFormulaError(message: error.message)
    }
    guard !formula.variables.contains(.z) else {
      throw PixelFormulaError(
        message: "\(formula) uses Z, the IoU of a box with its target, which pixels do not have: use X and Y alone")
    }
    guard program.shape == .perSample else {
      throw PixelFormulaError(
        message:
          "\(formula) gives \(program.shape.rawValue), a loss of pixels one number each: reduce the classes by Dot")
    }
    guard !program.couplesSamples else {
      throw PixelFormulaError(
        message: "\(formula) mixes the pixels of a batch (a Dot over all of them)")
    }
  }

  public func evaluate(
    logits: UnsafePointer<Float>, labels: UnsafePointer<UInt8>, shape: LabelMapShape,
    gradient: UnsafeMutablePointer<Float>?
  ) throws -> Float {
    let counts = LabelCounts(labels, shape, in: counting)
    guard counts.total > 0 else {
      gradient?.update(repeating: 0, count: shape.logitCount)
      return .nan
    }
    let block = PixelBlock(
      inputs: inputs, outputs: outputs, classes: shape.classes, pixels: min(Self.block, shape.pixels),
      weight: Float(1 / Double(counts.total)))
    var sum = 0.0
    for image in 0..<shape.images {
      let plane = image * shape.classes * shape.pixels
      for start in stride(from: 0, to: shape.pixels, by: Self.block) {
        let count = min(Self.block, shape.pixels - start)
        let map = labels + image * shape.pixels + start
        block.load(logits + plane + start, map, count: count, planeStride: shape.pixels)
        program.evaluate(
          inputs: block.pointers, rows: count, classes: shape.classes, upstream: block.weights, value: block.value,
          gradients: gradient == nil ? nil : block.gradients)
        sum += block.sum(map, count: count)
        if let gradient { block.store(to: gradient + plane + start, map, count: count, planeStride: shape.pixels) }
      }
    }
    return Float(sum / Double(counts.total))
  }
}

/// Why a formula is no loss of a pixel, with the mend.
public struct PixelFormulaError: Error, Hashable, Sendable, CustomStringConvertible {
  public let message: String

  public var description: String { message }
}

/// The inputs and results of a formula for some pixels, a row each.
private struct PixelBlock {
  let classes: Int
  let weight: Float
  let x: UnsafeMutablePointer<Float>
  let y: UnsafeMutablePointer<Float>
  let weights: UnsafeMutablePointer<Float>
  let value: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>

  /// - Parameter weight: what a pixel counts.
  init(inputs: WorkingMemory<Float>, outputs: WorkingMemory<Float>, classes: Int, pixels: Int, weight: Float) {
    (self.classes, self.weight) = (classes, weight)
    let size = classes * pixels
    x = inputs.reserve(2 * size + pixels)
    (y, weights) = (x + size, x + 2 * size)
    gradient = outputs.reserve(size + pixels)
    value = gradient + size
  }

  var pointers: InputPointers { InputPointers(x: UnsafePointer(x), y: UnsafePointer(y)) }
  var gradients: GradientPointers { GradientPointers(x: gradient) }

  /// Turns planes into rows; an ignored pixel is of no class and weighs nothing.
  func load(_ planes: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, count: Int, planeStride: Int) {
    y.update(repeating: 0, count: count * classes)
    for pixel in 0..<count {
      let label = Int(labels[pixel])
      weights[pixel] = label < classes ? weight : 0
      if label < classes { y[pixel * classes + label] = 1 }
    }
    for label in 0..<classes {
      let plane = planes + label * planeStride
      for pixel in 0..<count { x[pixel * classes + label] = plane[pixel] }
    }
  }

  /// The sum over the pixels that count, whatever the others come to.
  func sum(_ labels: UnsafePointer<UInt8>, count: Int) -> Double {
    var sum = 0.0
    for pixel in 0..<count where Int(labels[pixel]) < classes { sum += Double(value[pixel]) }
    return sum
  }

  /// Turns the rows of the gradient into planes; 0 at ignored pixels.
  func store(
    to planes: UnsafeMutablePointer<Float>, _ labels: UnsafePointer<UInt8>, count: Int, planeStride: Int
  ) {
    for label in 0..<classes {
      let plane = planes + label * planeStride
      for pixel in 0..<count {
        plane[pixel] = Int(labels[pixel]) < classes ? gradient[pixel * classes + label] : 0
      }
    }
  }
}
