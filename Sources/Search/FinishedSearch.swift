import JSONValues

/// What a search found, as its verb prints it, whatever was searched.
public protocol FinishedSearch: Sendable {
  /// The last line of `--json`; times, paths and hosts stand nowhere in it.
  ///
  /// - Parameter run: the name of the run's folder.
  func summary(run: String) -> JSONValue
  /// What is printed for people, and kept as `summary.txt`.
  var text: String { get }
}

/// How much a search will do, before it does it.
public protocol PlannedSearch: Sendable {
  var text: String { get }
  var json: JSONValue { get }
}

extension SearchResult: FinishedSearch {}
extension SurrogateResult: FinishedSearch {}
extension SearchPlan: PlannedSearch {}
extension SurrogatePlan: PlannedSearch {}
