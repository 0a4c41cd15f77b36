import ArgumentParser
import Foundation
import Reporting
import RunStore
import Search

/// Prints what a run has found so far.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Prints what a run has found: funnel, best losses, hold-out table.",
    discussion: "EXAMPLE: autoloss report runs/synthetic-joint-seed1")

  @Argument(help: "The run's folder.")
  var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let folder = URL(fileURLWithPath: folder)
    let overview = try SearchStore.overview(of: RunStore.read(folder))
    if output.json {
      Console.print(overview.json(name: folder.lastPathComponent))
    } else {
      Console.print(overview.text(name: folder.lastPathComponent))
    }
  }
}
