import Formulas

/// Why a detector cannot be built or run.
public enum DetectorError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A setting contradicts itself or another; `key` names it as in the search-space file.
  case setting(key: String, problem: String)
  /// The data does not fit: no images, no classes, images of different sizes.
  case data(problem: String)
  /// Weights that belong to another architecture.
  case weightCount(given: Int, needed: Int)
  /// A backbone to begin with that was made for other settings; `given` is nil where the part is missing.
  case backbone(origin: String, part: String, given: [Int]?, needed: [Int])
  /// A loss cannot train this detector; `place` is "classification" or "boxes".
  case loss(place: String, problem: String)
  /// The layer library refused.
  case network(String)

  public var description: String {
    switch self {
    case .setting(let key, let problem): "detector setting \(key): \(problem)"
    case .data(let problem): "training data: \(problem)"
    case .weightCount(let given, let needed):
      "initial weights: \(given) numbers given, this detector has \(needed); use weights of the same detector settings"
    case .backbone(let origin, let part, let given, let needed):
      "\(origin): tensor '\(part)' " + (given.map { "has the shape \($0)" } ?? "is missing")
        + ", this detector needs \(needed); give weights of the same backbone settings, or make them with `autoloss pretrain`"
    case .loss(let place, let problem): "\(place) loss: \(problem)"
    case .network(let message): "network: \(message)"
    }
  }

  static func require(_ condition: Bool, _ key: String, _ problem: String) throws(DetectorError) {
    guard condition else { throw .setting(key: key, problem: problem) }
  }

  /// What `make` returns; what it throws becomes an error that names the place of the loss.
  static func naming<Loss>(_ place: String, _ make: () throws -> Loss) throws(DetectorError) -> Loss {
    do {
      return try make()
    } catch let error as FormulaError {
      throw .loss(place: place, problem: error.message)
    } catch let error as DetectorError {
      throw error
    } catch {
      throw .loss(place: place, problem: "\(error)")
    }
  }
}
