import ArgumentParser
import Formulas
import Foundation
import JSONValues
import Losses
import Reporting
import Screening

/// What a formula is, whether it is sound, what it evaluates to.
struct EvalExprCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval-expr", abstract: "Shows what a formula is, whether it is sound, and what it evaluates to.",
    discussion: """
      EXAMPLE: autoloss eval-expr "Neg(Dot(Y,Log(Softmax(X))))"
      EXAMPLE: autoloss eval-expr giou --verify --simulate
      EXAMPLE: autoloss eval-expr cse-autoloss-b --mode REG --format python > loss.py
      EXAMPLE: autoloss eval-expr giou --plot giou.svg
      EXAMPLE: autoloss eval-expr "Sub(1,Div(I,U))" --inputs boxes.json
      EXAMPLE: autoloss eval-expr --batch expressions.jsonl --json
      EXAMPLE: autoloss eval-expr --batch expressions.jsonl --verify --json

      The text form explains the formula: tree, mathematics, canonical form, every convergence property with its worst \
      probe, gradients, the nearest known loss, dead parts, hazards with an input that shows each, and for box losses \
      what a change of units does. A formula that is no loss is explained too; the exit code stays 0.

      --batch answers every line of a file, in order, with the number of the line; with --verify or --simulate each row \
      also gets its canonical form, gradient fingerprint and verdict. Lines that fail are error rows; the exit \
      code is 1 when all of them fail. --format latex, python and swift write the formula alone, and take no --inputs, --verify or \
      --simulate.
      """)

  @Argument(help: "The formula, or the name of a built-in loss (see `autoloss losses`).")
  var formula: String?
  @Option(
    help: """
      Mode, where the variables leave a choice: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")); with --batch, \
      that of lines that name none.
      """)
  var mode: Mode?
  @Option(help: "JSON file with the variables' arrays: {\"X\": [[…]], …}, or the same under \"inputs\".")
  var inputs: String?
  @Option(
    help:
      "JSON Lines file of {\"id\", \"mode\", \"formula\", \"inputs\"}; answered line by line, in place of a formula.")
  var batch: String?
  @Option(help: "How to write it: \(ExpressionFormat.names) (json is --json).")
  var format = ExpressionFormat.text
  @Flag(help: "Judge the convergence properties; a single formula is judged without it too, rows of --batch are not.")
  var verify = false
  @Flag(help: "Descend on bare logits or boxes too; of a single formula, shows every run from start to end.")
  var simulate = false
  @Option(help: "Draw loss and gradient beside known losses, as .svg or .png.")
  var plot: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    if let plot { try FigureFile.check(plot) }
    switch (formula, batch) {
    case (nil, nil): throw InputError("give a formula, or --batch with a file")
    case (.some, .some): throw InputError("give a formula or --batch, not both")
    case (nil, .some(let file)):
      try refuse("--batch \(file)", with: ["--inputs": inputs != nil, "--plot": plot != nil], "rows hold their inputs")
      guard !writesSource else {
        throw InputError("--batch writes text or JSON: leave out --format \(format.rawValue)")
      }
      try ExpressionBatch(
        file: file, mode: mode, isJudged: verify || simulate, simulates: simulate, writesJSON: writesJSON
      ).run()
    case (.some(let text), nil):
      if writesSource {
        guard !output.json else { throw InputError("--format \(format.rawValue) is no JSON: leave out --json") }
        try refuse(
          "--format \(format.rawValue)",
          with: ["--inputs": inputs != nil, "--verify": verify, "--simulate": simulate], "it writes the formula alone")
      }
      try runSingle(text)
    }
  }

  /// Whether the formula alone is written, in another language.
  private var writesSource: Bool {
    switch format {
    case .text, .json: false
    case .latex, .python, .swift: true
    }
  }

  /// Options that would be passed over in silence are refused.
  private func refuse(
    _ option: String, with others: KeyValuePairs<String, Bool>, _ reason: String
  ) throws(InputError) {
    let given = others.filter(\.value).map(\.key)
    guard given.isEmpty else {
      throw InputError(
        "\(option) does not go with \(given.joined(separator: " and ")): \(reason); leave out one of them")
    }
  }

  private func runSingle(_ text: String) throws {
    let expression: Expression
    do throws(LossReferenceError) {
      expression = try Expression(text, mode: mode)
    } catch {
      if writesJSON { Console.print(["formula": .string(text), "error": Self.json(error)]) }
      throw error
    }
    let response = try inputs.map { try evaluate(expression, on: $0) }
    if let plot {
      try FigureFile.write(LossCurves(of: expression.formula, mode: expression.mode).figure, to: plot)
      Console.error("curves are in \(plot)")
    }
    if let source = try expression.source(format) {
      Console.print(source)
    } else {
      try explain(expression, response)
    }
  }

  private var writesJSON: Bool { output.json || format == .json }

  private func explain(_ expression: Expression, _ response: EvaluationResponse?) throws {
    let explanation = try Explanation(expression.formula, mode: expression.mode)
    let judgement = expression.judgement(simulating: simulate)
    if writesJSON {
      let evaluated = try response.map { try Self.members(of: $0) } ?? []
      Console.print(.object(expression.description(explanation) + judgement.members + evaluated))
    } else {
      Console.print(ExpressionPage(expression: expression, explanation: explanation, judgement: judgement).text)
      if let response { Console.print(EvaluationTable(response).section.text) }
    }
  }

  /// `{"code","message","position"}`; position is the offset in the formula, or null.
  private static func json(_ error: LossReferenceError) -> JSONValue {
    let sentence = if case .formula(let fault) = error { fault.message } else { error.message }
    return [
      "code": .string(error.code), "message": .string(String(sentence.prefix { $0 != "\n" })),
      "position": error.position.map { .int($0.offset) } ?? .null,
    ]
  }

  /// Value and gradient on the arrays of a file.
  private func evaluate(_ expression: Expression, on file: String) throws -> EvaluationResponse {
    let data = try InputFile.read(file, option: "--inputs", form: "a JSON file {\"X\": [[…]], …}")
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: [UInt8](data))
    } catch {
      throw InputError("--inputs \(file): no JSON (\(error)); write {\"X\": [[…]], …}")
    }
    let names = (json.members ?? []).map(\.name)
    let isNested = names.contains("inputs")
    if isNested, let letter = Variable.allCases.first(where: { names.contains($0.rawValue) }) {
      throw InputError("--inputs \(file): has \(letter.rawValue) beside inputs; write all arrays in one place")
    }
    let request = EvaluationRequest(
      formula: expression.formula.description, mode: expression.mode, inputs: isNested ? json["inputs"] : json)
    do throws(EvaluationFailure) {
      return try request.answer()
    } catch {
      throw InputError("--inputs \(file): \(error.message)")
    }
  }

  private static func members(of response: EvaluationResponse) throws(JSONError) -> [JSONValue.Member] {
    let answer = try JSONValue(parsing: response.json)
    return [.init("value", answer["value"]), .init("grad", answer["grad"])]
  }
}
