import JSONValues
import ArgumentParser
import Reporting
import Search

/// Lists and shows search spaces.
struct SpacesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spaces", abstract: "Lists the search spaces, or shows one with its comments.",
    discussion: """
      EXAMPLE: autoloss spaces detection-twostage > my-space.yaml
      EXAMPLE: autoloss spaces my-space.yaml --set evolution.parents=4
      """)

  @Argument(help: "A search space to show: a name or a file.")
  var name: String?
  @Flag(help: "Show every key with the value it comes to, instead of the file.")
  var resolved = false
  @Option(help: "Profile of the search space, with --resolved.")
  var profile: String?
  @Option(
    name: .customLong("set"), parsing: .singleValue,
    help: ArgumentHelp("Override one key, with --resolved; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let name else { return try list() }
    let file = try SearchSpaceFile.named(name)
    let space = try ResolvedSpace(file, profile: profile, overrides: overrides)
    let text = resolved || profile != nil || !overrides.isEmpty ? space.yaml : file.text
    if output.json {
      Console.print(["name": .string(file.name), "task": .string(space.task), "yaml": .string(text)])
    } else {
      Console.print(text)
    }
  }

  private func list() throws {
    var table = TextTable([.init("search space"), .init("task"), .init("profiles")])
    var rows: [JSONValue] = []
    for name in SearchSpaceFile.embeddedNames {
      let file = try SearchSpaceFile.named(name)
      let (space, profiles) = (try ResolvedSpace(file), try file.profiles())
      table.add(name, space.task, profiles.joined(separator: ", "))
      rows.append([
        "name": .string(name), "task": .string(space.task),
        "profiles": .array(profiles.map { .string($0) }),
      ])
    }
    if output.json { Console.print(["spaces": .array(rows)]) } else { Console.print(table.description) }
  }
}

/// A search space of any kind, with every key at the value it comes to.
private struct ResolvedSpace {
  let task: String
  let yaml: String

  init(_ file: SearchSpaceFile, profile: String? = nil, overrides: [String] = []) throws {
    switch try file.kind() {
    case .detection:
      let space = try file.resolved(profile: profile, overrides: overrides)
      (task, yaml) = (space.task.rawValue, try space.yaml())
    case .surrogate:
      let space = try file.resolvedSurrogate(profile: profile, overrides: overrides)
      (task, yaml) = (space.task.rawValue, try space.yaml())
    }
  }
}
