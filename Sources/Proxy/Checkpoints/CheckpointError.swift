/// Why a file of weights cannot be read, written or used; each message names file, place and mend.
public enum CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  /// Not a file of its form, or one that was damaged; `place` is "header", "tensor 'x'" or "metadata 'x'".
  case damaged(path: String, place: String, problem: String)
  /// A sound file that belongs to something else.
  case mismatch(path: String, place: String, problem: String)

  /// The stable name of the case.
  public var code: String {
    switch self {
    case .unreadable: "unreadable"
    case .unwritable: "unwritable"
    case .damaged: "damaged"
    case .mismatch: "mismatch"
    }
  }

  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)); check that it exists and that you may read it"
    case .unwritable(let path, let reason):
      "\(path): cannot be written (\(reason)); choose another folder or free some space"
    case .damaged(let path, let place, let problem):
      "\(path): \(place): \(problem); the file is damaged or of another kind: take another copy, or remove it and train anew"
    case .mismatch(let path, let place, let problem):
      "\(path): \(place): \(problem)"
    }
  }
}
