import ArgumentParser
import Foundation
import Reporting
import RunStore
import Search

/// Prints what a run has found so far, or two runs beside each other.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Prints what a run has found: funnel, best losses, hold-out table; two runs are put beside each other.",
    discussion: """
      EXAMPLE: autoloss report runs/synthetic-joint-seed1
      EXAMPLE: autoloss report runs/synthetic-mIoU-seed1 runs/synthetic-mIoU-seed2
      """)

  @Argument(help: "The run's folder.")
  var folder: String
  @Argument(help: "The folder of another run, to compare with.")
  var other: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let first = try Self.overview(folder)
    guard let other else {
      if output.json {
        Console.print(first.run.json(name: first.name))
      } else {
        Console.print(first.run.text(name: first.name))
      }
      return
    }
    let comparison = try RunComparison(first, Self.overview(other))
    if output.json { Console.print(comparison.json) } else { Console.print(comparison.text) }
  }

  private static func overview(_ path: String) throws -> (name: String, run: any RunDescription) {
    let folder = URL(fileURLWithPath: path)
    return (folder.lastPathComponent, try SearchStore.overview(of: RunStore.read(folder)))
  }
}
