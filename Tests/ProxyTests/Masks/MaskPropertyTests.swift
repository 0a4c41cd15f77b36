import Proxy
import Randomness
import Testing

/// Masks against their bitmaps, and texts that are no run lengths.
struct MaskPropertyTests {
  private static func random(_ generator: inout SeededGenerator, width: Int, height: Int) -> InstanceMask {
    let share = generator.uniform()
    var draws = generator
    let mask = InstanceMask(width: width, height: height) { _, _ in draws.chance(share) }
    generator = draws
    return mask
  }

  @Test(arguments: 1...50) func theTextSurvivesTheWay(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let (width, height) = (generator.index(below: 80) + 1, generator.index(below: 80) + 1)
    let mask = Self.random(&generator, width: width, height: height)
    #expect(
      try InstanceMask(width: width, height: height, compressed: mask.compressedCounts.utf8) == mask, "seed \(seed)")
    #expect(throws: InstanceMask.CompressionError.sum(height: height + 1, width: width), "seed \(seed)") {
      try InstanceMask(width: width, height: height + 1, compressed: mask.compressedCounts.utf8)
    }
  }

  /// No text may bring the reader down; what it accepts fills the mask.
  @Test(arguments: 1...20) func anyTextIsReadOrRefused(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for trial in 0..<500 {
      let bytes = (0..<generator.index(below: 12)).map { _ in
        UInt8(generator.chance(0.02) ? generator.index(below: 256) : 48 + generator.index(below: 64))
      }
      do throws(InstanceMask.CompressionError) {
        let mask = try InstanceMask(width: 3, height: 4, compressed: bytes)
        #expect(mask.counts.reduce(0, +) == 12, "seed \(seed), trial \(trial): \(bytes)")
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func brokenTextsSayWhere() {
    let rows: [(String, InstanceMask.CompressionError)] = [
      ("0\n", .character(place: 1)), ("Q", .endsInsideNumber), ("ooooooooo", .tooLong(place: 0)),
      ("O", .negativeRun(index: 0)),
      ("1", .sum(height: 4, width: 3)), ("", .sum(height: 4, width: 3)),
    ]
    for (text, expected) in rows {
      #expect(throws: expected, "\(text)") { try InstanceMask(width: 3, height: 4, compressed: text.utf8) }
    }
  }

  @Test func impossibleSizesAreNoMasks() {
    #expect(InstanceMask(width: .max, height: .max, counts: [1]) == nil)
    #expect(InstanceMask(width: -1, height: -12, counts: [12]) == nil)
    #expect(InstanceMask(width: 1 << 20, height: 1 << 20, counts: [1 << 40]) == nil)
    #expect(PictureSize(width: 0, height: 5) == nil && PictureSize(width: 3, height: 2) != nil)
  }

  /// Polygons far out, thin or turned inside out stay inside the image.
  @Test(arguments: 1...30) func polygonsFillAtMostTheImage(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let (width, height) = (generator.index(below: 40) + 1, generator.index(below: 40) + 1)
      let reach = generator.chance(0.1) ? 1e4 : 60.0
      let polygons = (0..<2).map { _ in
        (0..<2 * (3 + generator.index(below: 5))).map { _ in generator.uniform(-reach, reach).rounded(.toNearestOrEven)
        }
      }
      let mask = InstanceMask(width: width, height: height, polygons: polygons)
      #expect(
        mask.counts.allSatisfy { $0 >= 0 } && mask.counts.reduce(0, +) == width * height,
        "seed \(seed): \(polygons) in \(width) x \(height)")
    }
  }
}
