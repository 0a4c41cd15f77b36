import Foundation
import RunStore

/// The run folder of a search: what is kept there under which name, and the cache beside all runs.
public enum SearchStore {
  private static let configurationFact = "configuration"
  private static let machineFact = "machine"
  private static let dataFact = "data hash"
  private static let weightsFact = "initial weights"
  static let summaryFact = "summary"
  private static let kindFact = "kind"

  /// Makes the folder of a new run.
  public static func create(
    _ folder: URL, _ configuration: some StoredConfiguration, dataHash: String, initialHash: String = "none"
  ) throws -> RunStore {
    let yaml = try configuration.yaml()
    let machine = String(decoding: try JSONEncoder().encode(Machine.current), as: UTF8.self)
    return try RunStore.create(
      in: folder, configuration: yaml,
      facts: [
        configurationFact: yaml, machineFact: machine, dataFact: dataHash, weightsFact: initialHash,
        kindFact: type(of: configuration).kind.rawValue,
      ])
  }

  /// What a run searches; runs of the first version search formulas and do not say so.
  public static func kind(of store: RunStore) throws -> RunKind {
    guard let name = try store.fact(kindFact) else { return .formulas }
    guard let kind = RunKind(rawValue: name) else { throw SearchError.unreadableState(detail: "kind of run '\(name)'") }
    return kind
  }

  /// What the run was started with; the database counts, `config.yaml` is for reading.
  ///
  /// Throws `SearchError.otherKind` for a run of another verb.
  public static func configuration<Configuration: StoredConfiguration>(
    of store: RunStore, as _: Configuration.Type = RunConfiguration.self
  ) throws -> Configuration {
    let kind = try kind(of: store)
    guard kind == Configuration.kind else { throw SearchError.otherKind(folder: store.folder.path, verb: kind.verb) }
    guard let text = try store.fact(configurationFact) else {
      throw SearchError.unreadableState(detail: "configuration")
    }
    return try Configuration.parse(text, place: RunStore.databaseFile(in: store.folder).path)
  }

  /// Refuses to go on with other images, boxes or labels than the run was started with, wherever they lie.
  ///
  /// Throws `SearchError.changedData` that calls them `name`.
  public static func checkData(_ store: RunStore, hash: String, name: String) throws {
    if let stored = try store.fact(dataFact), stored != hash {
      throw SearchError.changedData(folder: store.folder.path, data: name)
    }
  }

  /// Refuses to go on with other initial weights than the run was started with; "none" stands for none.
  ///
  /// Throws `SearchError.changedWeights`.
  public static func checkWeights(_ store: RunStore, hash: String) throws {
    let stored = try store.fact(weightsFact) ?? "none"
    if stored != hash { throw SearchError.changedWeights(folder: store.folder.path, given: hash, stored: stored) }
  }

  /// Why going on here might not give the numbers that the start would have given.
  public static func warnings(_ store: RunStore) throws -> [String] {
    var found: [String] = []
    if let text = try store.fact(machineFact),
      let machine = try? JSONDecoder().decode(Machine.self, from: Data(text.utf8)),
      !machine.computesLike(.current)
    {
      found.append(
        "this run began on \(machine.processor) with \(machine.libraries.joined(separator: ", ")); scores may differ "
          + "in the last digits here")
    }
    return found
  }

  /// The summary of a finished run as one line of JSON; nil while it goes on.
  public static func summary(of store: RunStore) throws -> String? { try store.fact(summaryFact) }

  /// Where scores are kept between runs: `$AUTOLOSS_CACHE`, else `autoloss` in the user's cache folder.
  public static var cacheFile: URL {
    let environment = ProcessInfo.processInfo.environment
    let folder =
      environment["AUTOLOSS_CACHE"].map { URL(fileURLWithPath: $0) }
      ?? environment["XDG_CACHE_HOME"].map { URL(fileURLWithPath: $0).appendingPathComponent("autoloss") }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/autoloss")
    return folder.appendingPathComponent("scores.sqlite")
  }

  public static func cache() throws -> ScoreCache { try ScoreCache(file: cacheFile) }
}
