import Foundation
import Proxy

/// The program and the processor that compute a score: scores are only compared bit for bit where these agree.
public struct Machine: Sendable, Hashable, Codable {
  /// The version of autoloss with a hash of the executable, so that a changed program never meets old scores.
  public let program: String
  /// The processor's own name.
  public let processor: String
  /// The numeric libraries with their versions.
  public let libraries: [String]

  /// The version of this program.
  public static let version = "0.1.0"

  public static let current = Machine(
    program: "\(version) \(executableHash())", processor: processorName(), libraries: LibraryVersions.numeric)

  /// Whether a run begun there goes on here with the same numbers.
  public func computesLike(_ other: Machine) -> Bool {
    processor == other.processor && libraries == other.libraries
  }

  private static func executableHash() -> String {
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"), options: .alwaysMapped) else {
      return "unknown"
    }
    var hasher = ContentHasher()
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.hexadecimal
  }

  private static func processorName() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}

extension Machine {
  /// Processors that this process may use.
  public static var processorCount: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}
