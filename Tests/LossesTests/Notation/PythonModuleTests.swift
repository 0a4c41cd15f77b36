import Formulas
import Foundation
import GoldenData
import Losses
import Testing

/// The generated Python modules: their syntax by Python itself, their numbers by PyTorch on the golden rows.
///
/// $AUTOLOSS_TEST_PYTHON names the interpreter; without it `python3` of the PATH is tried.
@Suite struct PythonModuleTests {
  static let python = ProcessInfo.processInfo.environment["AUTOLOSS_TEST_PYTHON"] ?? "python3"
  static let hasPython = OutsideProgram.succeeds([python, "-c", "import ast"])
  static let hasTorch = hasPython && OutsideProgram.succeeds([python, "-c", "import torch"])

  static let script = GoldenFile("").url.deletingLastPathComponent()
    .appendingPathComponent("Python/check_modules.py").path

  @Test(.enabled(if: hasPython, "no Python (python3 on the PATH, or AUTOLOSS_TEST_PYTHON): modules are not parsed"))
  func sourceIsPlainPython() throws {
    var modules: [(id: String, PythonModule)] = []
    let names = ["cse", "\"\"\"\nimport os; os.system('x')", "\\", "a\u{0}b", "class", "'; eval('1')", "\u{2028}x"]
    for mode in Mode.allCases {
      for seed in 0..<UInt64(150) {
        var random = RandomFormulas(seed: seed)
        let formula = random.formula(mode, depth: 2 + Int(seed % 9))
        let name = names[Int(seed) % names.count]
        modules.append(("\(mode) seed \(seed)", try PythonModule(formula, mode: mode, name: name)))
      }
    }
    var builder = FormulaBuilder()
    var node = builder.variable(.x)
    for _ in 0..<2000 { node = builder.binary(.mul, builder.unary(.tanh, node), builder.constant(1e300)) }
    modules.append(("deep", try PythonModule(builder.build(root: node), mode: .binaryClass, name: "deep")))
    try check(modules, ["syntax"])
  }

  @Test(.enabled(if: hasTorch, "no PyTorch in AUTOLOSS_TEST_PYTHON or python3: modules are not run"))
  func modulesAgreeWithTheOriginal() throws {
    var modules: [(id: String, PythonModule)] = []
    for row in try GoldenFile("expressions.jsonl").rows() {
      let id = row["id"].string ?? ""
      if GoldenExpressionTests.refused.contains(id) { continue }
      let (formula, mode, _) = try GoldenExpression.read(row)
      modules.append((id, try PythonModule(formula, mode: mode, name: id)))
    }
    #expect(modules.count > 800)
    try check(modules, ["torch", GoldenFile("expressions.jsonl").url.path])
  }

  /// Lets the script check the modules; it prints one line a fault and then how many modules it saw.
  private func check(_ modules: [(id: String, PythonModule)], _ arguments: [String]) throws {
    try OutsideProgram.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("modules.json")
      let rows = modules.map { ["id": $0.id, "class": $0.1.className, "source": $0.1.source] }
      try JSONSerialization.data(withJSONObject: rows).write(to: file)
      let run = try OutsideProgram([Self.python, Self.script, file.path] + arguments, folder: folder)
      #expect(run.status == 0, "\(run.errors.suffix(2000))")
      #expect(run.output == "\(modules.count) modules agree\n", "\(run.output.prefix(4000))")
    }
  }
}
