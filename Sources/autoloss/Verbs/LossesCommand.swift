import JSONValues
import ArgumentParser
import Formulas
import Losses
import Reporting
import Search

/// Lists, shows and compares losses.
struct LossesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "losses",
    abstract: "Lists the built-in losses, shows one, or says whether two formulas are the same loss.",
    discussion: "EXAMPLE: autoloss losses show cse-autoloss-a",
    subcommands: [ListLosses.self, ShowLoss.self, EqualLosses.self], defaultSubcommand: ListLosses.self)
}

/// Every built-in loss with its formulas.
struct ListLosses: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the built-in losses.", discussion: "EXAMPLE: autoloss losses list")

  /// `losses giou` and misspelled forms end here, since this is the verb's default.
  @Argument(help: .hidden)
  var words: [String] = []
  @OptionGroup var output: OutputOptions

  func run() throws {
    if let first = words.first {
      let form = NameSuggestion.nearest(to: first, among: ["list", "show", "equal"]).map { "did you mean '\($0)'? " }
      throw InputError(
        "losses \(words.joined(separator: " ")): \(form ?? "")there are losses list, losses show NAME and losses equal A B"
      )
    }
    var table = TextTable([.init("loss"), .init("mode"), .init("formula")])
    var rows: [JSONValue] = []
    for loss in BuiltInLoss.allCases {
      for row in LossRow.rows(of: loss) {
        table.add(loss.rawValue, row.mode, row.formula ?? "(on encoded deltas, no formula)")
        rows.append(row.json)
      }
    }
    if output.json { Console.print(["losses": .array(rows)]) } else { Console.print(table.description) }
  }
}

/// One built-in loss.
struct ShowLoss: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a built-in loss.", discussion: "EXAMPLE: autoloss losses show cse-autoloss-a")

  @Argument(help: "A built-in name.")
  var name: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let loss = BuiltInLoss(rawValue: name) else {
      let names = BuiltInLoss.allCases.map(\.rawValue)
      let suggestion = NameSuggestion.nearest(to: name, among: names).map { ": did you mean '\($0)'?" } ?? ""
      throw InputError("there is no loss '\(name)'\(suggestion) (names: \(names.joined(separator: ", ")))")
    }
    let rows = LossRow.rows(of: loss)
    if output.json {
      Console.print(["name": .string(name), "losses": .array(rows.map(\.json))])
    } else {
      for row in rows { Console.print("\(row.mode)  \(row.formula ?? "on encoded deltas, no formula of U, I, E")") }
    }
  }
}

/// A built-in loss in one mode.
struct LossRow {
  var name: String
  var mode: String
  var formula: String?

  static func rows(of loss: BuiltInLoss) -> [LossRow] {
    if loss.deltaKind != nil { return [LossRow(name: loss.rawValue, mode: Mode.regression.rawValue, formula: nil)] }
    return Mode.allCases.compactMap { mode in
      loss.text(in: mode).map { LossRow(name: loss.rawValue, mode: mode.rawValue, formula: $0) }
    }
  }

  var json: JSONValue {
    ["name": .string(name), "mode": .string(mode), "formula": formula.map { .string($0) } ?? nil]
  }
}

extension Mode: ExpressibleByArgument {}
