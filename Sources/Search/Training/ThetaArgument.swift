import Formulas
import Foundation
import JSONValues
import Losses
import Surrogates

/// A segmenter's loss as `--theta` takes it: a name of `SegmentationLossChoice`, the name of a built-in formula of pixels, a
/// loss card of mode SURROGATE or MULTI_CLS (with `#name` for one of several), a file with a JSON list of control points, or
/// a formula of X and Y.
public struct ThetaArgument: Sendable, Hashable {
  /// What `--metric` says, else the card's, else mIoU.
  public let metric: SegmentationMetric
  private let named: SegmentationLossChoice
  /// Whether the data says if class 0 has boundaries: neither the command nor a card does.
  private let followsData: Bool

  /// - Parameters:
  ///   - metric: nil where the command does not say.
  ///   - tolerance: pixels within which boundaries count as met; nil: the card's, else 5.
  ///   - dropsBackground: whether class 0 has no boundaries; nil: as the card says, else as the data does.
  /// - Throws: `SearchError.badLoss`, `SearchSpaceError` or `SegmentationLossError`; each names the file and the mend.
  public init(_ text: String, metric: SegmentationMetric?, tolerance: Int?, dropsBackground: Bool?) throws {
    let found = try Self.found(text, metric: metric)
    self.metric = found.metric
    followsData = !found.isCard && dropsBackground == nil
    if case .surrogate(let parameters) = found.loss {
      let widened = try parameters.with(tolerance: tolerance ?? parameters.tolerance)
      named = .surrogate(dropsBackground.map { widened.with(dropsBackground: $0) } ?? widened)
    } else {
      named = found.loss
    }
    if case .formula(let formula) = named {
      try LossText.requirePrediction(formula, in: .multiClass, place: Self.option, text: text)
    }
    do throws(PixelFormulaError) {
      _ = try named.makeLoss()
    } catch {
      throw SearchError.badLoss(place: Self.option, text: text, reason: error.message)
    }
  }

  /// The loss on data whose class 0 is called `background`, or is not.
  public func loss(hasBackground: Bool) -> SegmentationLossChoice {
    guard followsData, case .surrogate(let parameters) = named else { return named }
    return .surrogate(parameters.with(dropsBackground: hasBackground))
  }

  /// What the text names, before the command's own settings.
  private static func found(
    _ text: String, metric: SegmentationMetric?
  ) throws -> (loss: SegmentationLossChoice, metric: SegmentationMetric, isCard: Bool) {
    let standard = metric ?? .meanIoU
    if let named = SegmentationLossChoice(name: text, published: .published(standard)) {
      return (named, standard, false)
    }
    if let builtIn = BuiltInLoss(rawValue: text) {
      guard let formula = builtIn.formula(in: .multiClass) else {
        throw SearchError.badLoss(
          place: option, text: text, reason: "is no loss of pixels (names: \(names.joined(separator: ", ")))")
      }
      return (builtIn == .crossEntropy ? .crossEntropy : .formula(formula), standard, false)
    }
    if let numbers = try numbers(text) {
      do throws(SegmentationLossError) {
        return (.surrogate(try SurrogateParameters(metric: standard, theta: numbers)), standard, false)
      } catch {
        throw SearchError.badLoss(place: option, text: text, reason: error.message)
      }
    }
    if let file = CardReference(text) {
      let (loss, own) = try card(file, metric: metric)
      return (loss, own ?? standard, true)
    }
    if text.contains("(") {
      do throws(FormulaError) {
        return (.formula(try Formula(parsing: text, mode: .multiClass)), standard, false)
      } catch {
        throw SearchError.badLoss(place: option, text: text, reason: error.message)
      }
    }
    let nearest = NameSuggestion.nearest(to: text, among: names)
    throw SearchError.badLoss(
      place: option, text: text,
      reason: "there is no such loss" + (nearest.map { ": did you mean '\($0)'?" } ?? "")
        + " (names: \(names.joined(separator: ", ")); or a loss card (.yaml, .json), a .json "
        + "file with a list of control points, or a formula of X and Y)")
  }

  /// The loss of a card and the metric that it stands for, if it stands for one.
  private static func card(
    _ file: CardReference, metric: SegmentationMetric?
  ) throws -> (SegmentationLossChoice, SegmentationMetric?) {
    let (card, found) = try file.first(option, fits: "no SURROGATE or MULTI_CLS card") { card in
      SegmentationLossChoice(card.kind)
    }
    let own: SegmentationMetric? = if case .surrogate(let parameters) = found { parameters.metric } else { nil }
    guard metric == nil || own == nil || metric == own else {
      throw SearchError.badLoss(
        place: option, text: file.argument,
        reason: "the card '\(card.name)' is a surrogate of \(own?.rawValue ?? ""), --metric says "
          + "\(metric?.rawValue ?? ""); leave --metric out, or give the card of that metric")
    }
    guard card.lossWeight == 1 else {
      throw SearchError.badLoss(
        place: option, text: file.argument,
        reason:
          "the card '\(card.name)' has loss_weight: \(card.lossWeight), segmenters train with loss_weight: 1 only")
    }
    // A surrogate counts its pixels itself; of a formula, one number for each pixel is averaged.
    let averages: [LossCard.Average] = own == nil ? [.elements, .sampled] : []
    try card.require(
      [
        ("reduction", card.reduction.rawValue, [Reduction.mean.rawValue]),
        ("average_by", card.averageBy.rawValue, averages.map(\.rawValue)),
        ("iou", card.iou.rawValue, [LossCard.IoUSource.none.rawValue]),
      ], trainer: "segmenters train", place: option, text: file.argument)
    return (found, own)
  }

  private static let option = "--theta"

  /// Every name that is a loss: those of segmenters, and the built-in formulas of X and Y.
  public static let names =
    SegmentationLossChoice.names
    + BuiltInLoss.allCases.filter { loss in
      loss.formula(in: .multiClass).map { !$0.variables.contains(.z) } ?? false
    }.map(\.rawValue)

  /// The list in a JSON file; nil for what is no list.
  private static func numbers(_ path: String) throws -> [Double]? {
    guard path.hasSuffix(".json"), let data = FileManager.default.contents(atPath: path),
      data.first(where: { !" \n\r\t".utf8.contains($0) }) == UInt8(ascii: "[")
    else { return nil }
    let elements: [JSONValue]
    do throws(JSONError) {
      elements = try JSONValue(parsing: [UInt8](data)).elements ?? []
    } catch {
      throw SearchError.badLoss(place: option, text: path, reason: "\(error)")
    }
    // A list of loss cards.
    if case .object = elements.first { return nil }
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
}
