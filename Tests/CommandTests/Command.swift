import Foundation

/// The built command line, found beside the test bundle and run as a user would.
struct Command {
  struct Output {
    var status: Int32
    var out: String
    var err: String
  }

  /// The folder of the build products: that of the running test bundle.
  private static let products: URL = {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map {
      URL(fileURLWithPath: $0)
    }
    return (bundle ?? program ?? URL(fileURLWithPath: CommandLine.arguments[0])).deletingLastPathComponent()
  }()

  static let executable = products.appendingPathComponent("autoloss")

  /// A process that has not been started, with a cache of its own so that no test sees another's scores.
  static func process(_ arguments: [String], in folder: URL) -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["AUTOLOSS_CACHE"] = folder.appendingPathComponent("cache").path
    process.environment = environment
    return process
  }

  /// Runs to the end; output goes through files, so that no pipe can fill up.
  ///
  /// - Parameter fileLimit: what no file may outgrow, in blocks of 512 bytes.
  static func run(_ arguments: [String], in folder: URL, fileLimit: Int? = nil) throws -> Output {
    let process = process(arguments, in: folder)
    if let fileLimit {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "ulimit -f \(fileLimit); exec \"$0\" \"$@\"", executable.path] + arguments
    }
    let (out, err) = (folder.appendingPathComponent("stdout"), folder.appendingPathComponent("stderr"))
    for file in [out, err] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    try process.run()
    process.waitUntilExit()
    return Output(
      status: process.terminationStatus, out: try String(contentsOf: out, encoding: .utf8),
      err: try String(contentsOf: err, encoding: .utf8))
  }
}

extension Command {
  /// Starts the command as a shell does, with no signal blocked, and gives its process number; `Process` hands down the mask
  /// of the thread that starts it. Standard output is dropped.
  private static func spawnUnblocked(_ arguments: [String], errors: URL) throws -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    var words: [UnsafeMutablePointer<CChar>?] = ([executable.path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, executable.path, &actions, &attributes, &words, environ)
    guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
    return process
  }

  /// Runs until a file is there (a minute at most), then sends a signal. The status is -1 where the signal itself ended the
  /// process; standard output is dropped.
  static func interrupt(_ arguments: [String], by signal: Int32, once file: URL, in folder: URL) throws -> Output {
    let errors = folder.appendingPathComponent("errors")
    let process = try spawnUnblocked(arguments, errors: errors)
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: file.path) { Thread.sleep(forTimeInterval: 0.1) }
    kill(process, signal)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    // The low seven bits are the signal that ended a process; 0 where it ended by itself.
    let text = try String(contentsOf: errors, encoding: .utf8)
    return Output(status: status & 0x7f == 0 ? status >> 8 & 0xff : -1, out: "", err: text)
  }
}

func withScratchFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
