import Formulas
import Foundation
import Losses
import Testing

/// Articles that are made from the code say what the code says.
@Suite struct DocumentationTests {
  /// Whether the articles are to be written instead of compared.
  static let writes = ProcessInfo.processInfo.environment["AUTOLOSS_WRITE_DOCS"] == "1"

  @Test func generatedArticlesAreUpToDate() throws {
    for (path, text) in try GeneratedArticles.all() {
      let url = Articles.root.appendingPathComponent(path)
      if Self.writes { try text.write(to: url, atomically: true, encoding: .utf8) }
      let written = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
      #expect(
        written == text,
        "\(path) is out of date: run `AUTOLOSS_WRITE_DOCS=1 scripts/test --filter DocumentationTests` and commit it")
    }
  }

  @Test func theKeyTableHoldsTheWholeSearchSpace() throws {
    let keys = try SearchSpaceKeys.keys(of: SearchSpaceKeys.first)
    let lookUp = Dictionary(keys.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    #expect(lookUp["evolution.generations"]?.value == "10")
    #expect(lookUp["grammar.classification.primitives"]?.value.hasSuffix("Div, Dot]") == true)
    #expect(lookUp["grammar.regression.nodeLimit"]?.value == "40")
    #expect(lookUp["training.verify.steps"]?.comment == "Optimizer steps.")
    #expect(keys.count > 180)
  }

  /// Keys that the articles name in code exist.
  @Test func theGuideNamesKeysThatExist() throws {
    let paths = try SearchSpaceKeys.keys(of: SearchSpaceKeys.first).map(\.path)
    let guide = try Articles.text("Sources/Losses/Losses.docc/Writing-your-own-search-space.md")
    let named = guide.split(separator: "`").map(String.init).filter {
      $0.contains(".") && !$0.contains(" ") && !$0.contains("yaml") && !$0.hasPrefix("\n")
    }
    #expect(named.count > 5)
    for name in named {
      let isKnown = paths.contains { path in
        let (a, b) = (path.split(separator: "."), name.split(separator: "."))
        return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || $1 == "*" }
      }
      #expect(isKnown, "the guide names \(name), which no search space has")
    }
  }

  /// What CI compares the example's output with stands in its README.
  @Test func theExampleSaysWhatItPrints() throws {
    let expected = try Articles.text("Examples/LoadLoss/expected.txt")
    #expect(!expected.isEmpty)
    #expect(try Articles.text("Examples/LoadLoss/README.md").contains(expected))
  }
}
