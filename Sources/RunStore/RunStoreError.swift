/// What can go wrong with a run folder; each message names the place and the mend.
public enum RunStoreError: Error, Sendable, Hashable {
  case noRun(folder: String)
  case runExists(folder: String)
  case inUse(folder: String)
  case unwritable(path: String, reason: String)
  case diskFull(path: String)
  case corrupt(path: String, detail: String)
  case newerVersion(path: String, found: Int, known: Int)
  case foreign(path: String)
  case failed(path: String, detail: String)
}

extension RunStoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noRun(let folder):
      "\(folder) holds no run (no run.sqlite): name the folder of a run, or leave out --resume to start one there"
    case .runExists(let folder):
      "\(folder) holds a run already: add --resume to go on with it, or choose another folder with --out"
    case .inUse(let folder):
      "\(folder) is being written by another autoloss process: wait for it to end or stop it first"
    case .unwritable(let path, let reason):
      "cannot write \(path): \(reason); choose a folder you may write to with --out"
    case .diskFull(let path):
      "the disk of \(path) is full: everything up to the last step is kept; free some space, then go on with --resume"
    case .corrupt(let path, let detail):
      "\(path) is damaged (\(detail)): restore it from a copy, or start again in another folder with --out"
    case .newerVersion(let path, let found, let known):
      "\(path) was written by a newer autoloss (schema \(found), this one reads up to \(known)): update autoloss"
    case .foreign(let path):
      "\(path) is a database of another program: choose another folder with --out"
    case .failed(let path, let detail):
      "\(path) could not be read or written: \(detail)"
    }
  }
}
