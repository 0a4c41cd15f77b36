import Foundation

/// Runs a program of the machine for a test and keeps what it prints.
struct OutsideProgram {
  let status: Int32
  let output: String
  let errors: String

  /// - Parameter arguments: a program, found on the PATH, and its arguments.
  init(_ arguments: [String], folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let files = ["output.txt", "errors.txt"].map { folder.appendingPathComponent($0) }
    for file in files { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = String(decoding: try Data(contentsOf: files[0]), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
  }

  /// Whether `program arguments…` runs and ends well.
  static func succeeds(_ arguments: [String]) -> Bool {
    (try? withTemporaryFolder { try OutsideProgram(arguments, folder: $0).status == 0 }) ?? false
  }

  /// A folder that is gone afterwards.
  static func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
