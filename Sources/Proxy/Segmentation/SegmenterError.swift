import Losses

/// Why a segmenter cannot be built, trained or used.
public enum SegmenterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A setting contradicts itself or another.
  case setting(key: String, problem: String)
  /// The data does not fit: no images, other classes.
  case data(problem: String)
  /// Weights or a state that belong to something else.
  case state(problem: String)
  /// The loss refused the logits and labels.
  case loss(problem: String)
  /// The layer library refused.
  case network(String)

  public var description: String {
    switch self {
    case .setting(let key, let problem): "segmenter setting \(key): \(problem)"
    case .data(let problem): "segmentation data: \(problem)"
    case .state(let problem): "segmenter: \(problem)"
    case .loss(let problem): "segmentation loss: \(problem)"
    case .network(let message): "network: \(message)"
    }
  }

  static func require(_ condition: Bool, _ key: String, _ problem: String) throws(SegmenterError) {
    guard condition else { throw .setting(key: key, problem: problem) }
  }

  /// Runs what the shared parts of detectors check.
  static func adopting(_ body: () throws(DetectorError) -> Void) throws(SegmenterError) {
    do throws(DetectorError) {
      try body()
    } catch {
      switch error {
      case .setting(let key, let problem): throw .setting(key: key, problem: problem)
      case .data(let problem): throw .data(problem: problem)
      case .weightCount, .backbone: throw .state(problem: error.description)
      case .loss(_, let problem): throw .loss(problem: problem)
      case .network(let message): throw .network(message)
      }
    }
  }
}
