import GoldenData
import Surrogates
import Testing

/// Control points of raw numbers, against the original's.
@Suite struct StickBreakingTests {
  @Test func controlPointsAreTheOriginals() throws {
    let rows = try GoldenFile("asl.jsonl").rows().filter { $0["kind"].string == "ctrl" }
    #expect(rows.count == 6)
    for (number, row) in rows.enumerated() {
      let pieces = try #require(row["num_pieces"].int)
      for (raw, expected) in zip(try #require(row["theta"].array), try #require(row["theta_ctrl64"].array)) {
        let raw = try #require(raw.array).map { Double(Float($0.double ?? .nan)) }
        let points = StickBreaking.controlPoints(raw, curves: raw.count / (2 * (2 * pieces - 1)))
        let expected = try #require(expected.array).compactMap(\.double)
        #expect(points.count == expected.count)
        for (point, other) in zip(points, expected) { #expect(abs(point - other) <= 1e-9, "row \(number): \(raw)") }
      }
    }
  }
}
