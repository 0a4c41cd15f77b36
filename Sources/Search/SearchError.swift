/// What ends a search or a training with a message; each names the place and the mend.
public enum SearchError: Error, Sendable, Hashable {
  case unreadableState(detail: String)
  case noFormula(grammar: String)
  case badLoss(place: String, text: String, reason: String)
  case notAFormula(place: String, text: String)
  case differentRun(folder: String, key: String, given: String, stored: String)
  case changedData(folder: String, data: String)
  case changedWeights(folder: String, given: String, stored: String)
  /// `key`: the learning rate in the search space.
  case baselineDiverged(losses: String, step: Int, key: String)
  case pretrainingDiverged(step: Int)
  case otherKind(folder: String, verb: String)
}

extension SearchError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableState(let detail):
      "run.sqlite: \(detail) cannot be read: the file is damaged or of another version of autoloss; restore it from a "
        + "copy, or start again in another folder with --out"
    case .noFormula(let grammar):
      "\(grammar): no formula can be made from these primitives and limits; allow more of them"
    case .badLoss(let place, let text, let reason):
      "\(place) '\(text)': \(reason)"
    case .notAFormula(let place, let text):
      "\(place): '\(text)' is a built-in loss but no formula, so nothing can evolve from it; name a formula"
    case .differentRun(let folder, let key, let given, let stored):
      "\(folder) was started with \(key) = \(stored), not \(given): leave the option out, or start another run with --out"
    case .changedData(let folder, let data):
      "\(data) does not hold the data that \(folder) was started with, so its scores would not compare: restore it or name "
        + "where it lies (--data), or start another run with --out"
    case .changedWeights(let folder, let given, let stored):
      "\(folder) was started with the initial weights \(stored), not \(given), so its results would not compare: give "
        + "those weights (--init FILE), or start another run with --out"
    case .otherKind(let folder, let verb):
      "\(folder) holds a run of `autoloss \(verb)`: go on with that command, or name another folder with --out"
    case .pretrainingDiverged(let step):
      "the backbone's training diverges at step \(step): train it with another --seed (`autoloss pretrain --out FILE`, then "
        + "--init FILE), or begin with --init none"
    case .baselineDiverged(let losses, let step, let key):
      "the default losses (\(losses)) diverge at step \(step): lower \(key) (--set) and start another run with --out"
    }
  }
}
