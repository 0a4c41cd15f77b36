import Formulas
import Foundation
import GoldenData
import Losses
import Testing

/// The generated Swift files, compiled together and run, agree with the reference evaluator.
@Suite struct SwiftSourceTests {
  static let hasCompiler = OutsideProgram.succeeds(["swiftc", "--version"])

  struct Case {
    let label: String
    let formula: Formula
    let mode: Mode
    let inputs: LossInputs<Double>
    let upstream: [Double]?
  }

  /// Published and classical losses on golden inputs, random formulas on random ones, batches of none and of one.
  static func cases() throws -> [Case] {
    var cases: [Case] = []
    for row in try GoldenFile("expressions.jsonl").rows() where row["group"].string == "published" {
      let (formula, mode, inputs) = try GoldenExpression.read(row)
      cases.append(
        Case(
          label: row["id"].string ?? "", formula: formula, mode: mode, inputs: inputs.converted(to: Double.self),
          upstream: nil))
    }
    for loss in BuiltInLoss.allCases {
      for mode in loss.modes {
        guard let formula = loss.formula(in: mode) else { continue }
        cases += randomCases("\(loss.rawValue) \(mode)", formula, mode, seed: 1)
      }
    }
    for mode in Mode.allCases {
      for seed in 0..<UInt64(8) {
        var random = RandomFormulas(seed: seed)
        let formula = random.formula(mode, depth: 5)
        cases += randomCases("seed \(seed) \(mode)", formula, mode, seed: seed)
      }
    }
    return cases
  }

  private static func randomCases(_ label: String, _ formula: Formula, _ mode: Mode, seed: UInt64) -> [Case] {
    [5, 1, 0].map { rows in
      var random = RandomFormulas(seed: seed)
      let inputs = random.inputs(mode, rows: rows, classes: 3)
      let shape = (try? formula.nodeShapes(in: mode)[formula.root].value) ?? .one
      let count = shape.extents(rows: rows, classes: inputs.classes).reduce(1, *)
      return Case(
        label: "\(label), \(rows) rows: \(formula)", formula: formula, mode: mode, inputs: inputs,
        upstream: random.upstream(count))
    }
  }

  @Test(.enabled(if: hasCompiler, "no swiftc on the PATH: generated Swift is not compiled"))
  func compiledSourceAgreesWithTheReference() throws {
    let cases = try Self.cases()
    #expect(cases.count > 100)
    let answers = try OutsideProgram.withTemporaryFolder { try Self.answers(to: cases, in: $0) }
    #expect(answers.count == cases.count)
    for (test, answer) in zip(cases, answers) {
      let expected = try ReferenceEvaluator(test.formula, mode: test.mode).evaluate(
        test.inputs, upstream: test.upstream)
      Self.expect(answer[0], expected.value, "\(test.label) value")
      let count = test.inputs.rows * test.inputs.classes
      for (place, variable) in test.mode.differentiableVariables.enumerated() {
        let gradient = expected.gradients[variable] ?? [Double](repeating: 0, count: count)
        Self.expect(answer[1 + place], gradient, "\(test.label) gradient of \(variable)")
      }
    }
  }

  /// Equal but for the order of sums.
  private static func expect(_ actual: [Double], _ expected: [Double], _ label: String) {
    #expect(actual.count == expected.count, "\(label): count")
    let largest = expected.filter(\.isFinite).map { abs($0) }.max() ?? 0
    for (k, (a, w)) in zip(actual, expected).enumerated() {
      let same = a == w || (a.isNaN && w.isNaN) || abs(a - w) <= 1e-11 * abs(w) + 1e-13 * largest
      #expect(same, "\(label)[\(k)]: \(a) instead of \(w)")
    }
  }

  /// Compiles every formula once, with a main file that answers all cases, and runs it.
  private static func answers(to cases: [Case], in folder: URL) throws -> [[[Double]]] {
    var types: [String: String] = [:]
    var sources: [String] = []
    var calls: [String] = []
    for test in cases {
      let key = "\(test.mode) \(test.formula)"
      if types[key] == nil {
        let source = try SwiftSource(test.formula, mode: test.mode, name: "formula \(types.count)")
        types[key] = source.typeName
        sources.append(source.source)
      }
      calls.append("report(\(types[key] ?? "").evaluate(\(arguments(of: test))))")
    }
    let main = """
      import Foundation
      let numbers = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8)
        .split(separator: "\\n", omittingEmptySubsequences: false)
        .map { $0.split(separator: " ").map { Double(bitPattern: UInt64($0) ?? 0) } }
      func report(_ arrays: [[Double]]) {
        print(arrays.map { $0.map { String($0.bitPattern) }.joined(separator: " ") }.joined(separator: ";"))
      }
      func report(_ r: (value: [Double], gradientOfX: [Double])) { report([r.value, r.gradientOfX]) }
      func report(_ r: (value: [Double], gradientOfU: [Double], gradientOfI: [Double], gradientOfE: [Double])) {
        report([r.value, r.gradientOfU, r.gradientOfI, r.gradientOfE])
      }
      func answer(_ base: Int, _ part: Int) {
        switch part {
      \(calls.enumerated().map { "  case \($0.offset): \($0.element)" }.joined(separator: "\n"))
        default: break
        }
      }
      for (part, base) in [\(starts(of: cases).map(String.init).joined(separator: ", "))].enumerated() { answer(base, part) }
      """
    let files = ["formulas.swift", "main.swift", "inputs.txt"].map { folder.appendingPathComponent($0) }
    // One file a formula is how people use it; together they compile faster.
    try sources.joined(separator: "\n").write(to: files[0], atomically: true, encoding: .utf8)
    try main.write(to: files[1], atomically: true, encoding: .utf8)
    try cases.map(lines(of:)).joined(separator: "\n").write(to: files[2], atomically: true, encoding: .utf8)
    let binary = folder.appendingPathComponent("answers").path
    let compiled = try OutsideProgram(
      ["swiftc", "-swift-version", "6", "-Onone", files[0].path, files[1].path, "-o", binary], folder: folder)
    #expect(compiled.status == 0 && !compiled.errors.contains("warning:"), "\(compiled.errors.prefix(4000))")
    let run = try OutsideProgram([binary, files[2].path], folder: folder)
    #expect(run.status == 0, "\(run.errors.prefix(2000))")
    return run.output.split(separator: "\n").map { line in
      line.split(separator: ";", omittingEmptySubsequences: false).map { array in
        array.split(separator: " ").map { Double(bitPattern: UInt64($0) ?? 0) }
      }
    }
  }

  /// The arrays of a case, one a line: the variables of its mode, then the upstream weights if there are any.
  private static func arrays(of test: Case) -> [[Double]] {
    test.mode.variables.map { test.inputs[$0] ?? [] } + (test.upstream.map { [$0] } ?? [])
  }

  private static func lines(of test: Case) -> String {
    arrays(of: test).map { $0.map { String($0.bitPattern) }.joined(separator: " ") }.joined(separator: "\n")
  }

  private static func starts(of cases: [Case]) -> [Int] {
    var starts: [Int] = []
    var line = 0
    for test in cases {
      starts.append(line)
      line += arrays(of: test).count
    }
    return starts
  }

  private static func arguments(of test: Case) -> String {
    var parts = test.mode.variables.enumerated().map { "\($0.element.rawValue): numbers[base + \($0.offset)]" }
    if test.mode != .regression { parts.append("classes: \(test.inputs.classes)") }
    if test.upstream != nil { parts.append("upstream: numbers[base + \(test.mode.variables.count)]") }
    return parts.joined(separator: ", ")
  }
}
