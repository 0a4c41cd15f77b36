/// The known name nearest to a misspelled one.
public enum NameSuggestion {
  /// The candidate that differs only in case, else the first within an edit distance of 1 (2 for five letters or
  /// more); nil when none is that near.
  public static func nearest(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let lower = name.lowercased()
    if let same = candidates.first(where: { $0.lowercased() == lower }) { return same }
    let limit = name.count >= 5 ? 2 : 1
    // As many insertions or deletions as the lengths differ are needed at least.
    let sized = candidates.filter { abs($0.utf8.count - lower.utf8.count) <= limit }
    let ranked = sized.map { (distance: distance(Array(lower.utf8), Array($0.lowercased().utf8)), name: $0) }
    let near = ranked.filter { $0.distance <= limit && $0.distance < $0.name.count }
    let best = near.map(\.distance).min()
    return near.first { $0.distance == best }?.name
  }

  /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
  static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var rows = [Array(0...second.count)]
    for i in 0..<first.count {
      var row = [i + 1]
      for j in 0..<second.count {
        var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (first[i] == second[j] ? 0 : 1))
        if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[first.count][second.count]
  }
}
