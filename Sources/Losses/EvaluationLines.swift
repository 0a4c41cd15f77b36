import Formulas
import JSONValues

/// The answer to one line of a text of JSON Lines.
public struct EvaluationAnswer: Sendable {
  /// The number of the line in the text, from 1; blank lines count.
  public let line: Int
  public let result: Result<EvaluationResponse, EvaluationFailure>

  public init(line: Int, result: Result<EvaluationResponse, EvaluationFailure>) {
    (self.line, self.result) = (line, result)
  }

  /// The number or text by which the line names itself; null where it has none.
  public var id: JSONValue {
    switch result {
    case .success(let response): response.id
    case .failure(let failure): failure.id
    }
  }

  /// `{"id","line","value","grad",…}` or `{"id","line","error":{…}}` on one line, with further members at the end.
  public func json(adding members: [JSONValue.Member] = []) -> String {
    switch result {
    case .success(let response): response.json(line: line, adding: members)
    case .failure(let failure): failure.json(line: line)
    }
  }
}

/// Answers a whole text of JSON Lines, each line on its own.
extension EvaluationRequest {
  /// Longer lines, in bytes, are refused, so that one line cannot take all memory: 64 MiB, some million numbers.
  public static let maximumLineLength = 64 << 20

  /// Gives the answer to every line that is not blank to `body`, in order.
  ///
  /// Lines end at line feeds alone: the other separators of Unicode may stand inside a JSON text. Bytes that are no UTF-8,
  /// and lines above `maximumLineLength`, spoil their line alone.
  /// - Parameter mode: the mode of lines that name none; nil lets their variables decide.
  public static func answer(
    lines bytes: UnsafeRawBufferPointer, mode: Mode? = nil, precision: EvaluationPrecision = .float,
    _ body: (EvaluationAnswer) throws -> Void
  ) rethrows {
    var rest = bytes[...]
    var number = 0
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      let line = rest[..<end]
      rest = rest[min(end + 1, rest.endIndex)...]
      number += 1
      if line.allSatisfy(isBlank) { continue }
      try body(EvaluationAnswer(line: number, result: answer(bytes: line, mode: mode, precision: precision)))
    }
  }

  private static func answer(
    bytes line: UnsafeRawBufferPointer.SubSequence, mode: Mode?, precision: EvaluationPrecision
  ) -> Result<EvaluationResponse, EvaluationFailure> {
    do throws(EvaluationFailure) {
      guard line.count <= maximumLineLength else {
        throw EvaluationFailure(
          .badRequest, "this line has \(line.count) bytes, more than \(maximumLineLength): write several shorter ones")
      }
      return .success(try EvaluationRequest(bytes: Array(line), mode: mode).answer(precision: precision))
    } catch {
      return .failure(error)
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
