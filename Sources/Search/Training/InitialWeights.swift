import Foundation
import Proxy

/// What the detectors of all trainings begin with: the key `initialWeights` and the option `--init`.
public enum InitialWeights: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Everything is drawn from the seed.
  case none
  /// A backbone trained once on the synthetic scenes, kept in the user's cache.
  case synthetic
  /// The backbone of a file that `pretrain` or `train` wrote.
  case file(String)

  public init(_ text: String) {
    switch text {
    case "none": self = .none
    case "synthetic": self = .synthetic
    case let path: self = .file(path)
    }
  }

  public var description: String {
    switch self {
    case .none: "none"
    case .synthetic: "synthetic"
    case .file(let path): path
    }
  }

  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension SearchSpace {
  /// The backbone that the trainings of this search space begin with; nil for none. One that is not in the cache yet is
  /// trained now, which `willTrain` is told.
  ///
  /// - Throws: `CheckpointError`, `DetectorError`, or `Interrupted` after a stop was asked for.
  public func backbone(
    cancellation: Cancellation, willTrain: (Pretraining) -> Void = { _ in },
    progress: (_ step: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> BackboneWeights? {
    switch initialWeights {
    case .none: return nil
    case .file(let path):
      let weights = try BackboneWeights(contentsOf: URL(fileURLWithPath: path), name: path)
      try weights.check(fits: detector, height: data.height, width: data.width)
      return weights
    case .synthetic:
      let pretraining = Pretraining(self)
      if let kept = pretraining.kept() { return kept }
      willTrain(pretraining)
      return try pretraining.run(cancellation: cancellation, progress: progress).backbone
    }
  }
}
