import ArgumentParser
import Foundation
import Proxy
import Reporting
import RunStore
import Search

/// Says what the program runs on and what is missing.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Shows versions, libraries, processor, disk and what is missing.",
    discussion: """
      EXAMPLE: autoloss doctor

      Without one of its libraries the program cannot start at all; scripts/doctor \
      looks for them first, names the packages to install, and ends with code 3.
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let findings = Diagnosis.findings()
    if output.json {
      Console.print([
        "version": .string(Machine.version), "ok": .bool(findings.allSatisfy(\.isFine)),
        "findings": .array(findings.map(\.json)),
      ])
    } else {
      var table = TextTable([.init("what"), .init("found"), .init("")])
      for finding in findings { table.add(finding.name, finding.value, finding.mend ?? "ok") }
      Console.print(table.description)
    }
    if findings.contains(where: { !$0.isFine }) { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}
