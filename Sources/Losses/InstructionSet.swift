import CKernels

/// The processor instructions that compiled formulas may use.
public enum InstructionSet: Int32, CaseIterable, Hashable, Sendable, Comparable {
  case baseline = 0
  case avx2 = 1
  case avx512 = 2

  /// The best one of this processor.
  public static let best = InstructionSet(rawValue: formula_best_level()) ?? .baseline

  /// Those this processor has, the plainest first.
  public static var available: [InstructionSet] { allCases.filter { $0 <= best } }

  public static func < (left: InstructionSet, right: InstructionSet) -> Bool { left.rawValue < right.rawValue }
}
