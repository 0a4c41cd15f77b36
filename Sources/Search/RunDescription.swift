import JSONValues
import RunStore

/// A run as `runs` and `report` show it, finished or not, whatever it searches.
public protocol RunDescription: Sendable {
  /// The data's name without its path.
  var dataName: String { get }
  /// What is searched: the branch of a detector's losses, or a metric.
  var searched: String { get }
  var seed: UInt64 { get }
  /// `finished`, or where it stands.
  var state: String { get }
  /// Candidates so far.
  var generated: Int { get }
  /// The best score on search-val.
  var bestText: String { get }

  /// What a finished run found; nil while it goes on.
  var summary: JSONValue? { get }
  /// Every setting with its value, as YAML.
  func settings() throws -> String

  func json(name: String) -> JSONValue
  func text(name: String) -> String
}

extension SearchStore {
  /// The run of a store. Throws `SearchError` for one that cannot be read.
  public static func overview(of store: RunStore) throws -> any RunDescription {
    switch try kind(of: store) {
    case .formulas: try RunOverview(store)
    case .surrogate: try SurrogateOverview(store)
    }
  }
}
