import Foundation
import Reporting
import Testing

/// TensorBoard's files, byte for byte, and read back by TensorBoard itself where it is installed.
@Suite struct EventFileTests {
  /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  static let checksums: [(name: String, bytes: [UInt8], value: UInt32)] = [
    ("empty", [], 0), ("32 zeros", .init(repeating: 0, count: 32), 0x8A91_36AA),
    ("32 ones", .init(repeating: 0xFF, count: 32), 0x62A8_AB43),
    ("ascending", .init(0..<32), 0x46DD_794E), ("descending", .init((0..<32).reversed()), 0x113F_DB5C),
    ("digits", .init("123456789".utf8), 0xE306_9283),
  ]

  @Test(arguments: checksums.indices) func checksumsAreThoseOfTheStandard(row: Int) {
    let (name, bytes, value) = Self.checksums[row]
    #expect(CyclicRedundancy.checksum(bytes) == value, "\(name)")
    let turned = (value >> 15 | value << 17) &+ 0xa282_ead8
    #expect(CyclicRedundancy.masked(bytes) == turned, "\(name)")
  }

  @Test func messagesAreThoseOfTheProtocol() {
    // wall_time 1.5 in field 1, then file_version in field 3.
    #expect(
      EventMessage.version(at: 1.5) == [9, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x1A, 13] + Array("brain.Event:2".utf8))
    // step 300 as a varint in field 2; summary (5) { value (1) { tag (1) "a/b", simple_value (2) 0.5 } }.
    #expect(
      EventMessage.scalars([("a/b", 0.5)], at: 1.5, step: 300)
        == [9, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02, 0x2A, 12, 0x0A, 10, 0x0A, 3]
        + Array("a/b".utf8) + [0x15, 0, 0, 0, 0x3F])
    #expect(
      EventMessage.sessionStart(at: 1.5, step: 3)
        == [9, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 3, 0x3A, 2, 8, 1])
  }

  @Test func framesHoldLengthAndBothChecksums() {
    let message = Array("123456789".utf8)
    let frame = EventFile.frame(message)
    #expect(frame.count == 8 + 4 + 9 + 4)
    #expect(Array(frame[0..<8]) == [9, 0, 0, 0, 0, 0, 0, 0] && Array(frame[12..<21]) == message)
    func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
    #expect(number(frame[8..<12]) == CyclicRedundancy.masked(frame[0..<8]))
    #expect(number(frame[21..<25]) == CyclicRedundancy.masked(message))
  }

  private func scratch() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func aFileIsItsFramesAndEveryStartANewFile() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = try EventFile(in: folder, now: { 1_700_000_000.25 })
    try first.add([("loss/total", 2), ("score/AP", 0.25)], step: 1)
    try first.flush()
    let second = try EventFile(in: folder, resumedAt: 1, now: { 1_700_000_000.25 })
    try second.flush()
    #expect(first.url != second.url && first.url.lastPathComponent.hasPrefix("events.out.tfevents.1700000000."))
    let expected =
      EventFile.frame(EventMessage.version(at: 1_700_000_000.25))
      + EventFile.frame(
        EventMessage.scalars([("loss/total", 2), ("score/AP", 0.25)], at: 1_700_000_000.25, step: 1))
    #expect([UInt8](try Data(contentsOf: first.url)) == expected)
    #expect(throws: FigureError.self) { try EventFile(in: folder.appendingPathComponent("missing")) }
  }

  /// Output of a Python program; nil when it fails or there is no Python.
  static func python(_ arguments: [String]) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, FileHandle.nullDevice)
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }

  static let hasTensorBoard = python(["-c", "import tensorboard"]) != nil

  @Test(.enabled(if: hasTensorBoard, "needs a python3 on the path that can import tensorboard"))
  func tensorBoardReadsTheFile() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = try EventFile(in: folder, now: { 1_700_000_000 })
    for step in 1...5 { try first.add([("loss/total", 1 / Double(step))], step: step) }
    try first.flush()
    // A continuation from step 3: what was written of steps 4 and 5 is void.
    let second = try EventFile(in: folder, resumedAt: 3, now: { 1_700_000_001 })
    try second.add([("loss/total", 9)], step: 4)
    try second.flush()
    let program = """
      import sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      a = EventAccumulator(sys.argv[1]); a.Reload()
      print([(e.step, round(e.value, 4)) for e in a.Scalars("loss/total")])
      """
    let read = try #require(Self.python(["-c", program, folder.path]), "TensorBoard cannot read the files")
    #expect(
      read.split(separator: "\n").last.map(String.init) == "[(1, 1.0), (2, 0.5), (4, 9.0)]"
        || read.split(separator: "\n").last.map(String.init) == "[(1, 1.0), (2, 0.5), (3, 0.3333), (4, 9.0)]")
  }
}
