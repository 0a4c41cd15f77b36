import Foundation
import Proxy

/// The folder of `autoloss train --out`: what lies where.
///
/// `config.yaml`: everything that decides the training. `seed-N/checkpoint.safetensors`, `seed-N/time.json`, `seed-N/predictions.json`
/// (COCO results) and TensorBoard's event files beside them. `ground-truth.json`: COCO instances of the scored split.
/// `results.json`: what `--json` prints.
public struct TrainingFolder: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  public var configuration: URL { url.appendingPathComponent("config.yaml") }
  public var groundTruth: URL { url.appendingPathComponent("ground-truth.json") }
  public var results: URL { url.appendingPathComponent("results.json") }

  public func seed(_ seed: UInt64) -> URL { url.appendingPathComponent("seed-\(seed)") }
  public func checkpoint(_ seed: UInt64) -> URL { self.seed(seed).appendingPathComponent("checkpoint.safetensors") }
  /// What the training took so far.
  public func time(_ seed: UInt64) -> URL { self.seed(seed).appendingPathComponent("time.json") }
  public func predictions(_ seed: UInt64) -> URL { self.seed(seed).appendingPathComponent("predictions.json") }

  /// Whether a training was begun here.
  public var holdsTraining: Bool { FileManager.default.fileExists(atPath: configuration.path) }

  /// Whether the training of a seed stands in a checkpoint.
  public func holds(_ seed: UInt64) -> Bool { FileManager.default.fileExists(atPath: checkpoint(seed).path) }

  /// Makes the folder of a new training.
  ///
  /// - Throws: `TrainingFolderError.exists`, or `CheckpointError.unwritable`.
  public func create(_ plan: TrainingPlan) throws {
    guard !holdsTraining else { throw TrainingFolderError.exists(folder: url.path) }
    try write(plan)
  }

  /// Makes room for further seeds.
  ///
  /// - Throws: `CheckpointError.unwritable`.
  public func extend(to plan: TrainingPlan) throws { try write(plan) }

  private func write(_ plan: TrainingPlan) throws {
    for seed in plan.seeds { try Self.makeFolder(self.seed(seed)) }
    // Last, so that a folder with a configuration is whole.
    try AtomicFile.write(try plan.yaml(), to: configuration)
  }

  /// What the training was begun with.
  ///
  /// - Throws: `TrainingFolderError.missing`, or `SearchSpaceError` for a file that cannot be understood.
  public func plan() throws -> TrainingPlan {
    guard let data = FileManager.default.contents(atPath: configuration.path),
      let text = String(data: data, encoding: .utf8)
    else { throw TrainingFolderError.missing(folder: url.path) }
    return try TrainingPlan.parse(text, place: configuration.path)
  }

  /// Makes a folder with those above it.
  public static func makeFolder(_ url: URL) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw CheckpointError.unwritable(path: url.path, reason: "no folder can be made there")
    }
  }

  /// Keeps other processes out until the value is gone; nil when one is at work here.
  public func lock() -> TrainingLock? { TrainingLock(url.appendingPathComponent(".lock")) }
}

/// A claim on a folder; the system frees it however the process ends.
public final class TrainingLock: Sendable {
  private let descriptor: Int32

  init?(_ file: URL) {
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}

/// Why a training cannot begin or go on in a folder.
public enum TrainingFolderError: Error, Hashable, Sendable, CustomStringConvertible {
  case exists(folder: String)
  case missing(folder: String)
  case inUse(folder: String)

  public var description: String {
    switch self {
    case .exists(let folder):
      "\(folder) holds a training already: go on with --resume, or choose another folder with --out"
    case .missing(let folder):
      "\(folder) holds no training: leave --resume out, or name the folder that --out was given"
    case .inUse(let folder):
      "\(folder): another process trains there; wait for it, or choose another folder with --out"
    }
  }
}
