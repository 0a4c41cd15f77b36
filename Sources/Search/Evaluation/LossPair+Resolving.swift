import Formulas
import Losses
import Screening

extension LossPair {
  /// The losses that a trainer takes.
  ///
  /// Throws `SearchError.badLoss` for a text that is neither a built-in name nor a formula of the task.
  public func resolved(for task: SearchTask) throws -> DetectionLosses {
    DetectionLosses(
      classification: try LossText.classification(classification, task, place: "classification loss"),
      regression: try LossText.regression(regression, task, place: "regression loss"))
  }

  /// The same losses with every built-in formula written out, so that one loss has one name in store and cache. A built-in
  /// loss that is more than its formula (one without alpha) keeps its name.
  public func spelledOut(for task: SearchTask) throws -> LossPair {
    guard task != .segmentation else {
      let loss = try LossText.classification(classification, task, place: "loss")
      return LossPair(classification: loss.formula.description, regression: "")
    }
    let losses = try resolved(for: task)
    let written = losses.classification.formula.description
    let isItsFormula = try LossText.classification(written, task, place: "classification loss") == losses.classification
    return LossPair(
      classification: isItsFormula ? written : classification,
      regression: losses.regression.formula?.description ?? regression)
  }
}

/// Losses as users write them.
public enum LossText {
  public static func classification(_ text: String, _ task: SearchTask, place: String) throws -> ClassificationLoss {
    let loss: ClassificationLoss
    do throws(LossReferenceError) {
      loss = try LossReference.classification(text, mode: task.classificationMode)
    } catch {
      throw SearchError.badLoss(place: place, text: text, reason: error.message)
    }
    guard task != .segmentation || !loss.formula.variables.contains(.z) else {
      throw SearchError.badLoss(
        place: place, text: text,
        reason: "uses Z, the IoU of a box with its target, which pixels do not have: use X and Y alone")
    }
    return loss
  }

  public static func regression(_ text: String, _ task: SearchTask, place: String) throws -> BoxLoss {
    do throws(LossReferenceError) {
      return try LossReference.regression(text, mode: task.classificationMode)
    } catch {
      throw SearchError.badLoss(place: place, text: text, reason: error.message)
    }
  }

  private static let verifier = Verifier()

  /// Refuses what no training moves, by the screening's own probes.
  static func requirePrediction(_ formula: Formula, in mode: Mode, place: String, text: String) throws {
    guard verifier.verifyPlainly(formula, mode: mode).rejection == .independentOfPrediction else { return }
    let names = mode.differentiableVariables.map(\.rawValue).joined(separator: ", ")
    throw SearchError.badLoss(
      place: place, text: text, reason: "does not depend on the prediction (\(names)): it would train nothing")
  }
}
