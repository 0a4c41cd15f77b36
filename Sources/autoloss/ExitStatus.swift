import ArgumentParser
import Formulas
import Foundation
import Losses
import Proxy
import Reporting
import RunStore
import Search

/// The exit codes that scripts may rely on.
enum ExitStatus: Int32 {
  case ok = 0
  case failed = 1
  case badInput = 2
  case missingLibrary = 3
  case interrupted = 130

  /// Prints the error's message on standard error and ends the process with its code.
  static func end(with error: any Error) -> Never {
    if Autoloss.exitCode(for: error) == .success { Autoloss.exit(withError: error) }
    if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
    let status = ExitStatus(of: error)
    Console.error(message(of: error))
    Foundation.exit(status.rawValue)
  }

  init(of error: any Error) {
    switch error {
    case is Interrupted: self = .interrupted
    case is FormulaError, is LossReferenceError, is SearchSpaceError, is DatasetError, is InputError, is LossInputError,
      is TrainingFolderError, is SegmentationLossError:
      self = .badInput
    case let error as SearchError: self = error.isBadInput ? .badInput : .failed
    case let error as RunStoreError: self = error.isBadInput ? .badInput : .failed
    case let error as FigureError:
      switch error {
      case .ending, .nameless, .unwritable: self = .badInput
      case .noFont: self = .missingLibrary
      case .bitmap: self = .failed
      }
    case let error as CheckpointError:
      switch error {
      case .unreadable, .damaged, .mismatch: self = .badInput
      case .unwritable: self = .failed
      }
    case let error as DetectorError:
      switch error {
      case .setting, .data, .weightCount, .backbone, .loss: self = .badInput
      case .network: self = .failed
      }
    case let error as SegmenterError:
      switch error {
      case .setting, .data, .state, .loss: self = .badInput
      case .network: self = .failed
      }
    default: self = Autoloss.exitCode(for: error) == .validationFailure ? .badInput : .failed
    }
  }

  private static func message(of error: any Error) -> String {
    switch error {
    case is FormulaError, is SearchSpaceError, is DatasetError, is InputError, is SearchError, is RunStoreError,
      is DetectorError, is FigureError, is Interrupted, is CheckpointError, is TrainingFolderError,
      is SegmentationLossError, is SegmenterError:
      "error: \(error)"
    case let error as LossInputError: "error: \(error.message)"
    case let error as LossReferenceError: "error: \(error.message)"
    default: Autoloss.fullMessage(for: error)
    }
  }
}

/// Something given on the command line that cannot be used; the message says what and how to mend it.
struct InputError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

extension SearchError {
  fileprivate var isBadInput: Bool {
    switch self {
    case .noFormula, .badLoss, .notAFormula, .differentRun, .changedData, .changedWeights, .unreadableState, .otherKind:
      true
    case .baselineDiverged, .pretrainingDiverged: false
    }
  }
}

extension RunStoreError {
  fileprivate var isBadInput: Bool {
    switch self {
    case .noRun, .runExists, .unwritable, .corrupt, .newerVersion, .foreign: true
    case .inUse, .diskFull, .failed: false
    }
  }
}
