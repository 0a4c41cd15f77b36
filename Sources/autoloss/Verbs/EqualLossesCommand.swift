import ArgumentParser
import Formulas
import JSONValues
import Losses
import Search

/// Whether two formulas are one loss, with the reason or an input that tells them apart.
struct EqualLosses: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "equal", abstract: "Says whether two formulas have the same gradient, so that they train alike.",
    discussion: """
      EXAMPLE: autoloss losses equal linear-iou "Neg(Div(I,U))"

      Equal canonical forms prove it; equal gradients on probe inputs are an observation. \
      Losses that differ are shown with an input where they do.

      Exit code 0 when they are the same loss, 1 when they are not (one family included) \
      or when the probes leave it undecided, 2 for bad input.
      """)

  @Argument(help: "A formula, or the name of a built-in loss (see `autoloss losses`).")
  var first: String
  @Argument(help: "The formula or built-in loss that it is compared with; of the same mode.")
  var second: String
  @Option(help: "Mode, where the variables leave a choice: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")).")
  var mode: Mode?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let comparison = try LossComparison(first, second, mode: mode)
    if case .undecided(let obstacle) = comparison.verdict {
      switch obstacle {
      case .notOfMode(let error): throw error
      case .couplesSamples: throw InputError(obstacle.message)
      case .tooFewProbes: break
      }
    }
    let answer = EqualityAnswer(comparison)
    if output.json { Console.print(answer.json) } else { Console.print(answer.text) }
    if !comparison.isEqual { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
