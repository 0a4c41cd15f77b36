import Evolution
import Foundation
import Losses
import Serving

/// Measures the formula engine and the loops by hand: `check` compares all of them with the reference, `serve` takes the
/// lines of `Benchmarks/compare`.
@main
struct FormulaBenchmarks {
  static func main() {
    switch CommandLine.arguments.dropFirst().first {
    case "check": exit(SelfCheck.run() ? 0 : 1)
    case "serve": Self().serve()
    default:
      FileHandle.standardError.write(Data("usage: formula-benchmarks check | serve\n".utf8))
      exit(2)
    }
  }

  /// Lines: `inputs LOSS N FILE` · `answers LOSS N FILE` · `time LOSS N CONTESTANT COUNT` ·
  /// `formulas COUNT FILE` · `screen WORKERS every|skipped`.
  private func serve() {
    var arenas: [String: FormulaArena] = [:]
    var screening: ScreeningRace?
    func arena(_ words: [String]) throws -> FormulaArena {
      guard words.count >= 4, let loss = LossCase(rawValue: words[1]), let elements = Int(words[2]) else {
        throw BenchmarkError("cannot read: \(words.joined(separator: " "))")
      }
      let key = "\(loss.rawValue) \(elements)"
      if let known = arenas[key] { return known }
      let new = try FormulaArena(loss, elements: elements)
      for contestant in Contestant.allCases { try Agreement.check(contestant, in: new) }
      arenas[key] = new
      return new
    }
    Service { words in
      switch words[0] {
      case "inputs":
        try arena(words).writeInputs(to: words[3])
        return ["file": words[3]]
      case "answers":
        try arena(words).writeAnswers(to: words[3])
        return ["file": words[3]]
      case "time":
        guard words.count == 5, let contestant = Contestant(rawValue: words[3]), let count = Int(words[4]) else {
          throw BenchmarkError("cannot read: \(words.joined(separator: " "))")
        }
        return try arena(words).time(contestant, count: count)
      case "formulas":
        guard words.count == 3, let count = Int(words[1]) else {
          throw BenchmarkError("cannot read: \(words.joined(separator: " "))")
        }
        let race = ScreeningRace(count: count)
        screening = race
        try race.writeFormulas(to: words[2])
        return ["count": race.samples.count]
      case "screen":
        guard let screening else { throw BenchmarkError("`formulas` comes before `screen`") }
        guard words.count == 3, let workers = Int(words[1]), let duplicates = Duplicates(rawValue: words[2]) else {
          throw BenchmarkError("cannot read: \(words.joined(separator: " "))")
        }
        return screening.run(workers: workers, skippingDuplicates: duplicates == .skipped)
      default: throw BenchmarkError("unknown line: \(words.joined(separator: " "))")
      }
    }.run()
  }
}

/// What becomes of a formula whose canonical form was there before.
private enum Duplicates: String {
  /// It is verified like any other.
  case every
  case skipped
}
