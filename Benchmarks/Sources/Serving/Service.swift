import Foundation

/// Answers each line of words from the standard input with one line of JSON, until the input ends.
///
/// What goes wrong is an answer too: `{"error": …}`.
public struct Service {
  /// Takes the words of a line; the answer is encoded as JSON.
  public typealias Handler = ([String]) throws -> any Encodable

  private let handler: Handler

  public init(_ handler: @escaping Handler) {
    self.handler = handler
  }

  public func run() {
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      guard !words.isEmpty else { continue }
      FileHandle.standardOutput.write(answer(words) + Data("\n".utf8))
    }
  }

  private func answer(_ words: [String]) -> Data {
    do {
      return try JSONEncoder().encode(handler(words))
    } catch {
      let message = (error as? BenchmarkError)?.message ?? "\(error)"
      return (try? JSONEncoder().encode(["error": message])) ?? Data("{}".utf8)
    }
  }
}

/// Why a line has no result.
public struct BenchmarkError: Error {
  public let message: String

  public init(_ message: String) {
    self.message = message
  }
}
