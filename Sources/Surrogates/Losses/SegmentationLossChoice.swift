import Formulas
import Losses

/// The losses that a segmenter can be trained with.
public enum SegmentationLossChoice: Hashable, Sendable {
  case crossEntropy
  case dice
  case lovasz
  case surrogate(SurrogateParameters)
  /// A formula of X and Y for every pixel.
  case formula(Formula)

  /// The names that stand for a loss without a file; `published` is the authors' find for a metric.
  public static let names = ["published", "ce", "dice", "lovasz"]

  /// The loss of a name; nil for everything else, such as a file of a loss card.
  ///
  /// - Parameter published: what `published` stands for, with tolerance and background as they are here.
  public init?(name: String, published: SurrogateParameters) {
    switch name {
    case "ce": self = .crossEntropy
    case "dice": self = .dice
    case "lovasz": self = .lovasz
    case "published": self = .surrogate(published)
    case _: return nil
    }
  }

  /// A loss for one worker.
  /// - Throws: `PixelFormulaError` for a formula that is no loss of a pixel.
  public func makeLoss(instructions: InstructionSet = .best) throws(PixelFormulaError) -> any SegmentationLoss {
    switch self {
    case .crossEntropy: CrossEntropyLoss(instructions: instructions)
    case .dice: DiceLoss(instructions: instructions)
    case .lovasz: LovaszSoftmaxLoss(instructions: instructions)
    case .surrogate(let parameters): parameters.makeLoss(instructions: instructions)
    case .formula(let formula): try FormulaPixelLoss(formula, instructions: instructions)
    }
  }
}

extension SegmentationLossChoice: CustomStringConvertible {
  /// One line that says everything about the loss: what checkpoints, run stores and caches know it by. It holds no `|`.
  public var description: String {
    switch self {
    case .crossEntropy: "ce"
    case .dice: "dice"
    case .lovasz: "lovasz"
    case .formula(let formula): formula.description
    case .surrogate(let parameters):
      "\(parameters.metric.rawValue) \(parameters.parameterization.rawValue) tolerance \(parameters.tolerance)"
        + (parameters.dropsBackground ? " without background" : "")
        + " [\(parameters.theta.map(\.description).joined(separator: ","))]"
    }
  }
}
