import ArgumentParser
import Foundation
import Search

/// The command line: `autoloss <verb>`.
@main
struct Autoloss: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "autoloss",
    abstract: "Searches loss functions for object detection and proves them on a held-out split.",
    discussion: """
      EXAMPLE: autoloss evolve --task detection-twostage --data synthetic --workers 2

      Exit codes: 0 ok, 1 the work failed, 2 usage or bad input, 3 a needed library or program is missing, \
      130 interrupted after a clean checkpoint.
      """,
    version: "autoloss \(Machine.version)",
    subcommands: [
      EvolveCommand.self, EvalExprCommand.self, TrainCommand.self, PretrainCommand.self, DetectCommand.self,
      CocoEvalCommand.self, SurrogateCommand.self, ReportCommand.self,
      RunsCommand.self, SpacesCommand.self, LossesCommand.self, DoctorCommand.self,
    ])

  static func main() {
    Interrupts.install()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      ExitStatus.end(with: error)
    }
  }
}
