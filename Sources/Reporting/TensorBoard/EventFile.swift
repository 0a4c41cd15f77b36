import Foundation

/// Writes numbers over time as TensorBoard reads them: TFRecord frames, each with one protocol-buffer `Event`.
///
/// Field numbers are those of tensorflow/core/util/event.proto and framework/summary.proto. One thread uses it.
public final class EventFile {
  public let url: URL
  private let handle: FileHandle
  private let now: () -> TimeInterval
  private var waiting: [UInt8] = []

  /// Begins a new file in the folder, which must exist; files that are there stay.
  ///
  /// - Parameter resumedAt: the step from which a training goes on; TensorBoard then forgets what older files say about
  ///   that and later steps.
  /// - Throws: `FigureError.unwritable`.
  public init(
    in folder: URL, resumedAt step: Int? = nil, now: @escaping () -> TimeInterval = { Date().timeIntervalSince1970 }
  ) throws(FigureError) {
    self.now = now
    let seconds = Int(now())
    var number = 0
    var file: URL
    repeat {
      file = folder.appendingPathComponent("events.out.tfevents.\(seconds).autoloss.\(getpid()).\(number)")
      number += 1
    } while FileManager.default.fileExists(atPath: file.path)
    url = file
    guard FileManager.default.createFile(atPath: file.path, contents: nil),
      let handle = try? FileHandle(forWritingTo: file)
    else { throw .unwritable(path: file.path, reason: String(cString: strerror(errno))) }
    self.handle = handle
    append(EventMessage.version(at: now()))
    if let step { append(EventMessage.sessionStart(at: now(), step: step)) }
  }

  /// Adds numbers of one step; names with a slash are grouped by what stands before it.
  public func add(_ values: [(tag: String, value: Double)], step: Int) throws(FigureError) {
    append(EventMessage.scalars(values, at: now(), step: step))
    if waiting.count > 1 << 16 { try flush() }
  }

  /// Hands over what was added since.
  public func flush() throws(FigureError) {
    do {
      try handle.write(contentsOf: Data(waiting))
    } catch {
      throw .unwritable(path: url.path, reason: String(cString: strerror(errno)))
    }
    waiting = []
  }

  private func append(_ message: [UInt8]) { waiting += Self.frame(message) }

  /// One TFRecord: length, its masked CRC, the bytes, their masked CRC; numbers little-endian.
  public static func frame(_ message: [UInt8]) -> [UInt8] {
    let length = LittleEndian.bytes(UInt64(message.count))
    return length + LittleEndian.bytes(CyclicRedundancy.masked(length)) + message
      + LittleEndian.bytes(CyclicRedundancy.masked(message))
  }
}

enum LittleEndian {
  static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
