import JSONValues
import Foundation
import Losses
import Proxy
import Reporting
import RunStore
import Search

/// One thing that `doctor` looks at.
struct Finding {
  var name: String
  var value: String
  /// What to do; nil when all is well.
  var mend: String?

  var isFine: Bool { mend == nil }

  var json: JSONValue {
    ["name": .string(name), "value": .string(value), "ok": .bool(isFine), "mend": mend.map { .string($0) } ?? nil]
  }
}

/// What `doctor` looks at, in the order it is shown.
enum Diagnosis {
  static func findings() -> [Finding] {
    [
      Finding(name: "autoloss", value: Machine.current.program), system(), processor(),
      Finding(name: "instruction set", value: "\(InstructionSet.best)"),
    ] + libraries() + [cache(), disk()]
  }

  private static func system() -> Finding {
    let text = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8)) ?? ""
    let name = text.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
      .map { $0.dropFirst("PRETTY_NAME=".count).replacingOccurrences(of: "\"", with: "") }
    return Finding(name: "system", value: name ?? ProcessInfo.processInfo.operatingSystemVersionString)
  }

  private static func processor() -> Finding {
    Finding(name: "processor", value: "\(Machine.current.processor), \(Machine.processorCount) usable")
  }

  private static func libraries() -> [Finding] {
    (LibraryVersions.numeric + LibraryVersions.images + [FigureFile.libraryVersion, RunStore.libraryVersion]).map {
      Finding(name: "library", value: $0)
    }
  }

  private static func cache() -> Finding {
    let file = SearchStore.cacheFile
    do {
      _ = try SearchStore.cache()
      return Finding(name: "score cache", value: file.path)
    } catch {
      return Finding(name: "score cache", value: file.path, mend: "\(error)")
    }
  }

  private static func disk() -> Finding {
    let path = FileManager.default.currentDirectoryPath
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
      return Finding(name: "disk", value: "unknown")
    }
    let value = String(format: "%.1f GB free in ", Double(free) / 1e9) + path
    return Finding(
      name: "disk", value: value, mend: free < 500_000_000 ? "free some space: a run needs about 0.5 GB" : nil)
  }
}
