import Foundation

/// Keeps decoded and resized pictures between runs, one file for each content and input size.
///
/// A file is used only if its key (over the bytes of all picture files, the input size and the version) and its checksum
/// fit; anything else is rebuilt. A cache that cannot be written costs time, never the run.
public struct DecodedCache: Sendable {
  /// Raise when decoding, resizing or the file's form changes.
  static let version: UInt32 = 2
  private static let magic = Array("ALDECODE".utf8)

  /// The folder that holds the files; created when first written.
  public let folder: URL

  public init(folder: URL) {
    self.folder = folder
  }

  /// `$XDG_CACHE_HOME/autoloss`, else `$HOME/.cache/autoloss`.
  public static var userDefault: DecodedCache {
    let environment = ProcessInfo.processInfo.environment
    if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
      return DecodedCache(folder: URL(fileURLWithPath: base).appendingPathComponent("autoloss"))
    }
    let home =
      environment["HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
      ?? FileManager.default.homeDirectoryForCurrentUser
    return DecodedCache(folder: home.appendingPathComponent(".cache/autoloss"))
  }

  /// The pictures in the order of `files`, from the cache or decoded now, with what went wrong with the cache itself.
  func pictures(
    _ files: [[UInt8]], dataset: String, height: Int, width: Int
  ) -> (pictures: [DecodedPicture], problems: [DataProblem]) {
    let entry = Entry<DecodedPicture>(
      name: "\(dataset)-\(width)x\(height)", key: Self.key(files, height: height, width: width), count: files.count,
      append: Self.append, read: Self.picture)
    let (pictures, problems) = items(entry) {
      files.map { DecodedPicture(bytes: $0, height: height, width: width) }
    }
    return (pictures, problems)
  }

  /// What one file holds and how: `count` items behind each other.
  struct Entry<Item> {
    /// The beginning of the file's name.
    let name: String
    /// Over everything that decides the items.
    let key: String
    let count: Int
    let append: (Item, inout ByteWriter) -> Void
    let read: (inout ByteReader) -> Item?
  }

  /// The items from the cache, or made now and kept, with what went wrong with the cache itself.
  func items<Item, Failure: Error>(
    _ entry: Entry<Item>, make: () throws(Failure) -> [Item]
  ) throws(Failure) -> (items: [Item], problems: [DataProblem]) {
    let url = folder.appendingPathComponent("\(entry.name)-\(entry.key.prefix(12)).decoded")
    var problems: [DataProblem] = []
    if FileBytes.exists(url) {
      switch load(url, entry) {
      case .success(let items): return (items, [])
      case .failure(let error):
        problems.append(
          DataProblem(
            kind: .cacheUnreadable, file: url.path, reason: "\(error.reason), it is made anew",
            mend: "nothing to do; delete the file if this comes back"))
      }
    }
    let items = try make()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var file = Self.encode(items, entry)
      try file.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        try Data(bytesNoCopy: start, count: bytes.count, deallocator: .none).write(to: url, options: .atomic)
      }
    } catch {
      problems.append(
        DataProblem(
          kind: .cacheUnwritable, file: url.path,
          reason: "cannot be written (\(FileBytes.reason(error))), pictures will be decoded again next time",
          mend: "free some space or set XDG_CACHE_HOME to a folder you may write"))
    }
    return (items, problems)
  }

  static func key(_ files: [[UInt8]], height: Int, width: Int) -> String {
    var hasher = ContentHasher()
    for value in [Int(version), height, width, files.count] { hasher.combine(value) }
    for bytes in files { hasher.combine(bytes: bytes) }
    return hasher.hexadecimal
  }
}

// The file: magic, version, key, checksum of the body, body.
extension DecodedCache {
  private struct Damage: Error {
    let reason: String
  }

  private static func encode<Item>(_ items: [Item], _ entry: Entry<Item>) -> [UInt8] {
    var header = ByteWriter()
    header.bytes += magic
    header.append(version)
    header.append(text: entry.key)
    var file = header
    // The checksum has always 32 digits: room now, its value once the body stands.
    file.append(text: String(repeating: "0", count: 32))
    let bodyStart = file.bytes.count
    for item in items { entry.append(item, &file) }
    header.append(text: checksum(file.bytes[bodyStart...]))
    file.bytes.replaceSubrange(..<bodyStart, with: header.bytes)
    return file.bytes
  }

  private static func append(_ picture: DecodedPicture, to file: inout ByteWriter) {
    switch picture.outcome {
    case .failed(let reason):
      file.append(UInt32(0))
      file.append(text: reason)
    case .decoded(let content, let originalWidth, let originalHeight, let damage):
      file.append(UInt32(damage == nil ? 1 : 2))
      for value in [content.width, content.height, originalWidth, originalHeight] {
        file.append(UInt32(clamping: value))
      }
      file.append(text: damage ?? "")
      file.bytes += content.bytes
    }
  }

  private static func checksum(_ body: ArraySlice<UInt8>) -> String {
    var hasher = ContentHasher()
    body.withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.hexadecimal
  }

  private func load<Item>(_ url: URL, _ entry: Entry<Item>) -> Result<[Item], Damage> {
    do throws(DatasetError) {
      var reader = ByteReader(bytes: try FileBytes.read(url, name: url.path))
      guard reader.take(Self.magic.count) == Self.magic[...] else { return .failure(Damage(reason: "no cache file")) }
      guard reader.word() == Self.version else { return .failure(Damage(reason: "of another version")) }
      guard reader.text() == entry.key else { return .failure(Damage(reason: "of other pictures")) }
      guard let sum = reader.text(), sum == Self.checksum(reader.rest) else {
        return .failure(Damage(reason: "damaged (its checksum does not fit)"))
      }
      var items: [Item] = []
      for _ in 0..<entry.count {
        guard let item = entry.read(&reader) else { return .failure(Damage(reason: "damaged (it ends early)")) }
        items.append(item)
      }
      return .success(items)
    } catch {
      return .failure(Damage(reason: "\(error)"))
    }
  }

  private static func picture(_ reader: inout ByteReader) -> DecodedPicture? {
    guard let status = reader.word() else { return nil }
    if status == 0 { return reader.text().map { DecodedPicture(outcome: .failed(reason: $0)) } }
    guard let width = reader.word(), let height = reader.word(), let originalWidth = reader.word(),
      let originalHeight = reader.word(), let damage = reader.text(),
      let pixels = reader.take(Int(width) * Int(height) * 3)
    else { return nil }
    return DecodedPicture(
      outcome: .decoded(
        content: RGBImage(width: Int(width), height: Int(height), bytes: Array(pixels)),
        originalWidth: Int(originalWidth), originalHeight: Int(originalHeight), damage: status == 2 ? damage : nil))
  }
}
