import CFused
import Foundation
import Losses
import Serving

/// Compares every contestant with the reference on small inputs, for every instruction set there is.
enum SelfCheck {
  /// Whether all agree; says on the standard error what does not.
  static func run() -> Bool {
    var agree = true
    for loss in LossCase.allCases {
      for elements in loss == .classification ? [16, 80, 48, 1024] : [1, 7, 16, 100, 1024] {
        for level in 0...fused_best_level() {
          agree = check(loss, elements, InstructionSet(rawValue: level) ?? .baseline, level: level) && agree
        }
      }
    }
    return screens() && agree
  }

  private static func check(_ loss: LossCase, _ elements: Int, _ instructionSet: InstructionSet, level: Int32) -> Bool {
    do {
      let arena = try FormulaArena(loss, elements: elements, instructionSet: instructionSet, level: level)
      for contestant in Contestant.allCases { try Agreement.check(contestant, in: arena) }
      return allocatesNothing(arena)
    } catch {
      complain((error as? BenchmarkError)?.message ?? "\(error)")
      return false
    }
  }

  /// After the first evaluation the program asks nothing more of the allocator.
  private static func allocatesNothing(_ arena: FormulaArena) -> Bool {
    let calls = arena.time(.ours, count: 3).allocations
    if calls > 0 { complain("\(arena.loss.rawValue), \(arena.elements) elements: \(calls) allocations after warm-up") }
    return calls <= 0
  }

  private static func screens() -> Bool {
    let race = ScreeningRace(count: 200)
    let result = race.run(workers: 2, skippingDuplicates: false)
    let sound = race.samples.count == 200 && result.passed > 0 && result.passed < 200
    if !sound { complain("screening: \(result.passed) of \(race.samples.count) formulas passed") }
    return sound
  }

  private static func complain(_ message: String) {
    FileHandle.standardError.write(Data("check: \(message)\n".utf8))
  }
}
