/// Answers a whole text of JSON Lines, each line on its own.
extension EvaluationRequest {
  /// Longer lines, in bytes, are refused, so that one line cannot take all memory: 64 MiB, some million numbers.
  public static let maximumLineLength = 64 << 20

  /// Gives the answer to every line that is not blank to `body`, in order.
  ///
  /// Lines end at line feeds alone: the other separators of Unicode may stand inside a JSON text. Bytes that are no UTF-8,
  /// and lines above `maximumLineLength`, spoil their line alone.
  public static func answer(
    lines bytes: UnsafeRawBufferPointer, precision: EvaluationPrecision = .float, _ body: (String) -> Void
  ) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      let line = rest[..<end]
      rest = rest[min(end + 1, rest.endIndex)...]
      if !line.allSatisfy(isBlank) { body(answer(bytes: line, precision: precision)) }
    }
  }

  private static func answer(bytes line: UnsafeRawBufferPointer.SubSequence, precision: EvaluationPrecision) -> String {
    guard line.count <= maximumLineLength else {
      return EvaluationFailure(
        .badRequest, "this line has \(line.count) bytes, more than \(maximumLineLength): write several shorter ones"
      ).json
    }
    return answer(line: String(decoding: line, as: UTF8.self), precision: precision)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
