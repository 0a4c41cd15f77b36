import Serving

/// Measures the surrogate losses of segmentation metrics; takes the lines of `Benchmarks/compare`.
@main
struct SurrogateBenchmarks {
  /// Lines: `inputs LOGITS LABELS` · `answer METRIC FILE` · `time METRIC COUNT` · `boundaries RADIUS COUNT`.
  static func main() throws {
    let race = try SurrogateRace()
    Service { words in
      guard words.count == 3 else { throw BenchmarkError("cannot read: \(words.joined(separator: " "))") }
      switch words[0] {
      case "inputs": return try race.writeInputs(logits: words[1], labels: words[2])
      case "answer": return try race.answer(words[1], to: words[2])
      case "time": return try race.time(words[1], count: number(words[2]))
      case "boundaries": return race.timeBoundaries(radius: try number(words[1]), count: try number(words[2]))
      default: throw BenchmarkError("unknown line: \(words.joined(separator: " "))")
      }
    }.run()
  }

  private static func number(_ word: String) throws -> Int {
    guard let number = Int(word), number >= 0 else { throw BenchmarkError("\(word) is no number from 0") }
    return number
  }
}
