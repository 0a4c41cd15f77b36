import JSONValues
import ArgumentParser
import Formulas
import Foundation
import Losses
import Reporting

/// What a formula is, whether it is sound, what it evaluates to.
struct EvalExprCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval-expr", abstract: "Shows what a formula is, whether it is sound, and what it evaluates to.",
    discussion: """
      EXAMPLE: autoloss eval-expr "Neg(Dot(Y,Log(Softmax(X))))" --verify
      EXAMPLE: autoloss eval-expr --batch expressions.jsonl --json
      """)

  @Argument(help: "The formula, or the name of a built-in loss (see `autoloss losses`).")
  var formula: String?
  @Option(help: "Mode, where the variables leave a choice: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")).")
  var mode: Mode?
  @Option(help: "JSON file with the variables' arrays: {\"X\": [[…]], …}, or the same under \"inputs\".")
  var inputs: String?
  @Option(help: "JSON Lines file of {\"id\", \"mode\", \"formula\", \"inputs\"}; answered line by line.")
  var batch: String?
  @Flag(help: "Judge the convergence properties.")
  var verify = false
  @Flag(help: "Judge the properties, then descend on bare logits or boxes.")
  var simulate = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    switch (formula, batch) {
    case (nil, nil): throw InputError("give a formula, or --batch with a file")
    case (.some, .some): throw InputError("give a formula or --batch, not both")
    case (nil, .some(let file)): try runBatch(file)
    case (.some(let text), nil): try runSingle(text)
    }
  }

  private func runBatch(_ file: String) throws {
    guard !verify, !simulate, inputs == nil else {
      throw InputError("--batch evaluates; leave out --verify, --simulate and --inputs")
    }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw InputError("--batch \(file): cannot be read; give a file of JSON Lines")
    }
    // Bytes that are no text spoil their line alone.
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    for line in lines where !line.allSatisfy(\.isWhitespace) {
      Console.print(EvaluationRequest.answer(line: String(line)))
    }
  }

  private func runSingle(_ text: String) throws {
    let expression: Expression
    do throws(LossReferenceError) {
      expression = try Expression(text, mode: mode)
    } catch {
      if output.json { Console.print(["formula": .string(text), "error": Self.json(error)]) }
      throw error
    }
    var members = try expression.description()
    if verify || simulate { members += expression.verdict(simulating: simulate) }
    if let inputs { members += try evaluate(expression, on: inputs) }
    if output.json { Console.print(.object(members)) } else { Self.show(members) }
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
    let text = try Self.text(of: file, option: "--inputs")
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: text)
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

  private static func text(of file: String, option: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: file), let text = String(data: data, encoding: .utf8) else {
      throw InputError("\(option) \(file): no such text file")
    }
    return text
  }

  private static func show(_ members: [JSONValue.Member]) {
    for member in members {
      let text: String
      switch member.value {
      case .string(let value): text = value
      case .array(let elements) where elements.isEmpty: continue
      case .array(let elements) where elements.allSatisfy({ $0.string != nil && $0.number == nil }):
        text = elements.compactMap(\.string).joined(separator: "; ")
      case .null: continue
      case .object(let parts) where member.name == "rejection":
        text = parts.compactMap { $0.value.string }.joined(separator: ": ")
      case .bool, .int, .double, .array, .object: text = member.value.description
      }
      let name = member.name == "original_tool_issues" ? "note" : member.name
      Console.print(name + String(repeating: " ", count: max(1, 15 - name.count)) + text)
    }
  }
}
