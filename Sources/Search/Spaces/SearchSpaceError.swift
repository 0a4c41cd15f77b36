/// Why a search space cannot be used; each message names the place and the mend.
public enum SearchSpaceError: Error, Sendable, Hashable {
  case unknownSpace(name: String, known: [String])
  case unreadable(path: String, reason: String)
  case unreadableCard(path: String)
  case syntax(place: String, problem: String)
  case unknownKey(place: String, key: String, suggestion: String?, known: [String])
  case badValue(place: String, key: String, reason: String)
  case contradiction(key: String, problem: String)
  case unknownProfile(name: String, known: [String])
  case badOverride(text: String)
}

extension SearchSpaceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownSpace(let name, let known):
      "no search space is called '\(name)': give a file, or one of \(known.joined(separator: ", "))"
    case .unreadable(let path, let reason):
      "cannot read the search space \(path): \(reason)"
    case .unreadableCard(let path):
      "cannot read the loss card \(path): no such text file; give a card, a formula or a built-in name"
    case .syntax(let place, let problem):
      "\(place): not valid YAML: \(problem)"
    case .unknownKey(let place, let key, let suggestion, let known):
      "\(place): unknown key '\(key)'; "
        + (suggestion.map { "did you mean '\($0)'?" } ?? "known here: \(known.joined(separator: ", "))")
    case .badValue(let place, let key, let reason):
      "\(place): \(key): \(reason)"
    case .contradiction(let key, let problem):
      "\(key): \(problem); correct the search space or add --set"
    case .unknownProfile(let name, let known):
      "no profile is called '\(name)'; "
        + (known.isEmpty ? "this search space has none" : "this search space has \(known.joined(separator: ", "))")
    case .badOverride(let text):
      "--set \(text): expected key=value, such as --set evolution.generations=4"
    }
  }
}
