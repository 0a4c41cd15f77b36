import JSONValues
import ArgumentParser
import Foundation
import Reporting
import RunStore
import Search

/// Lists the runs of a folder.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Lists the runs below a folder.",
    discussion: "EXAMPLE: autoloss runs runs")

  @Argument(help: "The folder that holds run folders.")
  var folder = "runs"
  @OptionGroup var output: OutputOptions

  func run() throws {
    let base = URL(fileURLWithPath: folder)
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: base.path).sorted() else {
      throw InputError("\(folder): no such folder; name the one that holds your runs (see --out of evolve)")
    }
    var table = TextTable([
      .init("run"), .init("data"), .init("searched"), .init("seed", .right), .init("state"), .init("generated", .right),
      .init("best", .right),
    ])
    var rows: [JSONValue] = []
    for name in names where RunStore.holdsRun(base.appendingPathComponent(name)) {
      let folder = base.appendingPathComponent(name)
      do {
        let overview = try SearchStore.overview(of: RunStore.read(folder))
        table.add(
          name, overview.dataName, overview.searched, "\(overview.seed)", overview.state, overview.generated.grouped,
          overview.bestText)
        rows.append(overview.json(name: name))
      } catch {
        Console.error("warning: \(error)")
        table.add(name, "?", "?", "?", "unreadable")
        rows.append(["run": .string(name), "state": "unreadable", "error": .string("\(error)")])
      }
    }
    if output.json {
      Console.print(["runs": .array(rows)])
    } else {
      Console.print(rows.isEmpty ? "no runs in \(folder)" : table.description)
    }
  }
}
