import Foundation
import GoldenData
import Testing

/// The commands of the article on search spaces run as they stand there; a search only as far as its plan.
@Suite struct DocumentedCommandTests {
  static let article = GoldenFile("").url.deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources/Losses/Losses.docc/Writing-your-own-search-space.md")

  @Test func everyCommandOfTheGuideRuns() throws {
    let lines = try String(contentsOf: Self.article, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    let space = lines.drop { $0 != "```yaml" }.dropFirst().prefix { $0 != "```" }.joined(separator: "\n")
    let commands = lines.filter { $0.hasPrefix("$ autoloss ") }.map {
      $0.split(separator: " ").dropFirst(2).map(String.init)
    }
    #expect(commands.count >= 6)
    try withScratchFolder { folder in
      try space.write(to: folder.appendingPathComponent("my-space.yaml"), atomically: true, encoding: .utf8)
      for command in commands {
        let isSearch = command[0] == "evolve" && !command.contains("--dry-run")
        let output = try Command.run(command + (isSearch ? ["--dry-run"] : []), in: folder)
        #expect(output.status == 0, "\(command.joined(separator: " ")): \(output.err)")
        #expect(!output.out.isEmpty)
      }
      let resolved = try Command.run(["spaces", "my-space.yaml", "--resolved"], in: folder)
      #expect(resolved.out.contains("generations: 30") && resolved.out.contains("nodeLimit: 20"))
    }
  }

  /// The message for a misspelled key that the guide shows is the one that stands there.
  @Test func theGuideShowsTheRealMessage() throws {
    let text = try String(contentsOf: Self.article, encoding: .utf8)
    let start = try #require(text.range(of: "`my-space.yaml:9: "))
    let message = text[text.index(after: start.lowerBound)...].prefix { $0 != "`" }
    let space = "branch: reg\n\n\n\n\n\n\nevolution:\n  generatoins: 3\n"
    try withScratchFolder { folder in
      try space.write(to: folder.appendingPathComponent("my-space.yaml"), atomically: true, encoding: .utf8)
      let output = try Command.run(["spaces", "my-space.yaml"], in: folder)
      #expect(output.status == 2)
      #expect(output.err.contains(message), "\(output.err)")
    }
  }
}
