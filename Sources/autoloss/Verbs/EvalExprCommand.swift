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

      The text form explains the formula: tree, mathematics, canonical form, every convergence property with its worst \
      probe, gradients, the nearest known loss, dead parts, hazards with an input that shows each, and for box losses \
      what a change of units does. A formula that is no loss is explained too; the exit code stays 0.
      """)

  @Argument(help: "The formula, or the name of a built-in loss (see `autoloss losses`).")
  var formula: String?
  @Option(help: "Mode, where the variables leave a choice: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")).")
  var mode: Mode?
  @Option(help: "JSON file with the variables' arrays: {\"X\": [[…]], …}, or the same under \"inputs\".")
  var inputs: String?
  @Option(help: "JSON Lines file of {\"id\", \"mode\", \"formula\", \"inputs\"}; answered line by line.")
  var batch: String?
  @Option(help: "How to write it: \(ExpressionFormat.names) (json is --json).")
  var format = ExpressionFormat.text
  @Flag(help: "Judge the convergence properties; the verdict names the first that fails.")
  var verify = false
  @Flag(help: "Judge the properties, then descend on bare logits or boxes.")
  var simulate = false
  @Option(help: "Draw loss and gradient beside known losses, as .svg or .png.")
  var plot: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    if let plot { try FigureFile.check(plot) }
    switch (formula, batch) {
    case (nil, nil): throw InputError("give a formula, or --batch with a file")
    case (.some, .some): throw InputError("give a formula or --batch, not both")
    case (nil, .some(let file)): try runBatch(file)
    case (.some(let text), nil):
      guard format == .text || !output.json || format == .json else {
        throw InputError("--format \(format.rawValue) is no JSON: leave out --json")
      }
      try runSingle(text)
    }
  }

  private func runBatch(_ file: String) throws {
    guard !verify, !simulate, inputs == nil, plot == nil, format == .text || format == .json else {
      throw InputError("--batch evaluates; leave out --verify, --simulate, --inputs, --plot and --format")
    }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe) else {
      throw InputError("--batch \(file): cannot be read; give a file of JSON Lines")
    }
    data.withUnsafeBytes { EvaluationRequest.answer(lines: $0) { Console.print($0) } }
  }

  private func runSingle(_ text: String) throws {
    let expression: Expression
    do throws(LossReferenceError) {
      expression = try Expression(text, mode: mode)
    } catch {
      if writesJSON { Console.print(["formula": .string(text), "error": Self.json(error)]) }
      throw error
    }
    if let plot {
      try FigureFile.write(LossCurves(of: expression.formula, mode: expression.mode).figure, to: plot)
      Console.error("curves are in \(plot)")
    }
    if let source = try expression.source(format) {
      Console.print(source)
    } else {
      try explain(expression)
    }
  }

  private var writesJSON: Bool { output.json || format == .json }

  private func explain(_ expression: Expression) throws {
    let explanation = try Explanation(expression.formula, mode: expression.mode)
    let evaluated = try inputs.map { try evaluate(expression, on: $0) } ?? []
    let isJudged = verify || simulate
    if writesJSON {
      let verdict = isJudged ? expression.verdict(simulating: simulate) : []
      Console.print(.object(expression.description(explanation) + verdict + evaluated))
    } else {
      let rejection: Rejection?? = isJudged ? .some(expression.rejection(simulating: simulate)) : .none
      Console.print(ExpressionPage(expression: expression, explanation: explanation, rejection: rejection).text)
      if !evaluated.isEmpty { Console.print(Self.section(of: evaluated).text) }
    }
  }

  /// `{"code","message","position"}`; position is the offset in the formula, or null.
  private static func json(_ error: LossReferenceError) -> JSONValue {
    guard case .formula(let fault) = error else {
      return ["code": .string(error.code), "message": .string(error.message), "position": nil]
    }
    return [
      "code": .string(fault.code), "message": .string(fault.message), "position": .int(fault.position.offset),
    ]
  }

  /// Value and gradient on the arrays of a file.
  private func evaluate(_ expression: Expression, on file: String) throws -> [JSONValue.Member] {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw InputError("--inputs \(file): no such text file")
    }
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: [UInt8](data))
    } catch {
      throw InputError("--inputs \(file): no JSON (\(error)); write {\"X\": [[…]], …}")
    }
    let request = EvaluationRequest(
      formula: expression.formula.description, mode: expression.mode,
      inputs: json["inputs"].isNull ? json : json["inputs"])
    let response: EvaluationResponse
    do throws(EvaluationFailure) {
      response = try request.answer()
    } catch {
      throw InputError("--inputs \(file): \(error.message)")
    }
    let answer = try JSONValue(parsing: response.json)
    return [.init("value", answer["value"]), .init("grad", answer["grad"])]
  }

  /// Value and gradient as they are in JSON.
  private static func section(of members: [JSONValue.Member]) -> ExplanationSection {
    ExplanationSection("\nOn the inputs given", members.map { "\($0.name)  \($0.value)" })
  }
}
