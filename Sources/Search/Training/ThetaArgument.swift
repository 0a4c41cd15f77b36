import Formulas
import Foundation
import JSONValues
import Losses
import Surrogates

/// A segmenter's loss as `--theta` takes it: a name of `SegmentationLossChoice`, a loss card of mode SURROGATE or MULTI_CLS
/// (with `#name` for one of several), a file with a JSON list of control points, or a formula of X and Y.
public struct ThetaArgument: Sendable, Hashable {
  public let loss: SegmentationLossChoice
  /// What `--metric` says, else the card's, else mIoU.
  public let metric: SegmentationMetric

  /// - Parameters:
  ///   - metric: nil where the command does not say.
  ///   - tolerance: pixels within which boundaries count as met; for a list of numbers, a card has its own.
  /// - Throws: `SearchError.badLoss`, `SearchSpaceError` or `SegmentationLossError`; each names the file and the mend.
  public init(_ text: String, metric: SegmentationMetric?, tolerance: Int) throws {
    let standard = metric ?? .meanIoU
    if let named = SegmentationLossChoice(name: text, metric: standard) {
      (loss, self.metric) = (named, standard)
    } else if let numbers = try Self.numbers(text) {
      do throws(SegmentationLossError) {
        loss = .surrogate(try SurrogateParameters(metric: standard, theta: numbers, tolerance: tolerance))
      } catch {
        throw SearchError.badLoss(place: Self.option, text: text, reason: error.message)
      }
      self.metric = standard
    } else if let file = CardReference(text) {
      let (card, found) = try file.first(Self.option, fits: "no SURROGATE or MULTI_CLS card") { card in
        SegmentationLossChoice(card.kind)
      }
      let own: SegmentationMetric? = if case .surrogate(let parameters) = found { parameters.metric } else { nil }
      guard metric == nil || own == nil || metric == own else {
        throw SearchError.badLoss(
          place: Self.option, text: text,
          reason: "the card '\(card.name)' is a surrogate of \(own?.rawValue ?? ""), --metric says "
            + "\(standard.rawValue); leave --metric out, or give the card of that metric")
      }
      guard card.lossWeight == 1 else {
        throw SearchError.badLoss(
          place: Self.option, text: text,
          reason:
            "the card '\(card.name)' has loss_weight: \(card.lossWeight), segmenters train with loss_weight: 1 only")
      }
      (loss, self.metric) = (found, own ?? standard)
    } else if text.contains("(") {
      do throws(FormulaError) {
        loss = .formula(try Formula(parsing: text, mode: .multiClass))
      } catch {
        throw SearchError.badLoss(place: Self.option, text: text, reason: error.message)
      }
      self.metric = standard
    } else {
      let nearest = NameSuggestion.nearest(to: text, among: SegmentationLossChoice.names)
      throw SearchError.badLoss(
        place: Self.option, text: text,
        reason: "there is no such loss" + (nearest.map { ": did you mean '\($0)'?" } ?? "")
          + " (names: \(SegmentationLossChoice.names.joined(separator: ", ")); or a loss card (.yaml, .json), a .json "
          + "file with a list of control points, or a formula of X and Y)")
    }
    do throws(PixelFormulaError) {
      _ = try loss.makeLoss()
    } catch {
      throw SearchError.badLoss(place: Self.option, text: text, reason: error.message)
    }
  }

  private static let option = "--theta"

  /// The list in a JSON file; nil for what is no list.
  private static func numbers(_ path: String) throws -> [Double]? {
    guard path.hasSuffix(".json"), let data = FileManager.default.contents(atPath: path),
      let value = try? JSONValue(parsing: [UInt8](data)), case .array(let elements) = value
    else { return nil }
    return try elements.enumerated().map { index, element in
      guard element.string == nil, let number = element.number, number.isFinite else {
        throw SearchError.badLoss(
          place: option, text: path, reason: "[\(index)] is \(element.kind), expected a number between 0 and 1")
      }
      return number
    }
  }
}

extension SegmentationLossChoice {
  /// The loss of a card; nil for one of boxes or of one-stage detectors.
  fileprivate init?(_ kind: LossCard.Kind) {
    switch kind {
    case .surrogate(let parameters): self = .surrogate(parameters)
    case .formula(let formula, .multiClass): self = .formula(formula)
    case .formula: return nil
    }
  }

  /// One line that says everything about the loss: what a checkpoint keeps to know it again.
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
