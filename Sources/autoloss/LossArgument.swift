import Losses
import Search

/// A loss on the command line: a formula, a built-in name, or the path of a card.
enum LossArgument {
  static func classification(_ argument: String, task: SearchTask) throws -> ClassificationLoss {
    guard isFile(argument) else {
      return try LossText.classification(argument, task, place: "--loss-cls")
    }
    guard let loss = try LossCardFile.read(argument).classificationLoss, loss.mode == task.classificationMode else {
      throw InputError("--loss-cls \(argument): this card is for no \(task.classificationMode.rawValue) loss")
    }
    return loss
  }

  static func regression(_ argument: String, task: SearchTask) throws -> BoxLoss {
    guard isFile(argument) else { return try LossText.regression(argument, task, place: "--loss-reg") }
    guard let loss = try LossCardFile.read(argument).boxLoss else {
      throw InputError("--loss-reg \(argument): this card is for no REG loss")
    }
    return loss
  }

  private static func isFile(_ argument: String) -> Bool {
    [".yaml", ".yml", ".json"].contains { argument.hasSuffix($0) }
  }
}
