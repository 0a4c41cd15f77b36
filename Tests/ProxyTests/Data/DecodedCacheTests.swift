import Foundation
import Proxy
import Randomness
import Testing

/// The cache of decoded pictures never changes what is read, whatever happened to its files.
struct DecodedCacheTests {
  private static func cacheFile(_ folder: URL) throws -> URL {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return folder.appendingPathComponent(try #require(names.first))
  }

  @Test func theSecondOpeningReadsTheCache() throws {
    let (data, store) = (try SmallDataset.coco(), try TemporaryFolder())
    try data.write("no picture", to: "val/b.png")
    let cache = DecodedCache(folder: store.url.appendingPathComponent("deep/er"))
    let plain = try data.open()
    for _ in 0..<2 {
      let cached = try data.open(cache: cache)
      #expect(cached.contentHash == plain.contentHash)
      #expect(cached.problems == plain.problems, "a picture that failed fails in the same words")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path).count == 1)
  }

  @Test func anotherPictureOrSizeIsNotServedFromTheOldFile() throws {
    let (data, store) = (try SmallDataset.coco(), try TemporaryFolder())
    let cache = DecodedCache(folder: store.url)
    let first = try data.open(cache: cache)
    _ = try data.open(height: 48, width: 64, cache: cache)
    try data.write(PNGWriter.encode(RGBImage(width: 32, height: 24, gray: 12)) ?? [], to: "val/a.png")
    let changed = try data.open(cache: cache)
    #expect(changed.problems.isEmpty && changed.contentHash != first.contentHash)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.url.path).count == 3)
  }

  @Test(arguments: 1...40) func aDamagedFileIsNoticedAndMadeAnew(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let (data, store) = (try SmallDataset.coco(), try TemporaryFolder())
    let cache = DecodedCache(folder: store.url)
    let sound = try data.open(cache: cache)
    let file = try Self.cacheFile(store.url)
    let original = [UInt8](try Data(contentsOf: file))
    var bytes = original
    if seed % 4 == 0 {
      bytes.removeLast(generator.integer(in: 1...bytes.count))
    } else {
      bytes[seed < 20 ? generator.index(below: 90) : generator.index(below: bytes.count)] ^=
        UInt8(1 << generator.index(below: 8))
    }
    try Data(bytes).write(to: file)
    let again = try data.open(cache: cache)
    #expect(again.contentHash == sound.contentHash, "seed \(seed)")
    #expect(again.problems.map(\.kind) == [.cacheUnreadable], "seed \(seed): \(again.problems)")
    #expect([UInt8](try Data(contentsOf: file)) == original, "seed \(seed): the file was made anew")
    #expect(try data.open(cache: cache).problems.isEmpty)
  }

  @Test func anUnwritableFolderOnlyWarns() throws {
    let (data, store) = (try SmallDataset.coco(), try TemporaryFolder())
    try store.write("in the way", to: "file")
    let splits = try data.open(cache: DecodedCache(folder: store.url.appendingPathComponent("file/cache")))
    #expect(splits.problems.map(\.kind) == [.cacheUnwritable], "\(splits.problems)")
    #expect(splits.problems.first?.description.contains("XDG_CACHE_HOME") == true)
    #expect(splits.contentHash == (try data.open().contentHash))
  }
}
