import Foundation
import JSONValues
import Losses
import Surrogates

/// Every row of `surrogate eval --batch` that is to be answered has one answer, a line of JSON; numbers that are answered are
/// sound.
enum SurrogateTarget {
  /// Inputs that every text may name: two classes, three pixels, one of them ignored.
  private static let inputs =
    #"{"kind":"inputs","id":"I","logits":[[[[1,-2,80]],[[0.5,1,-80]]]],"label":[[[0,1,255]]]}"#

  static func run(_ bytes: UnsafeRawBufferPointer) {
    let text = Array(inputs.utf8) + [UInt8(ascii: "\n")] + Array(bytes)
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count
    var (batch, last) = (SurrogateBatch(), 1)
    text.withUnsafeBytes { bytes in
      batch.answer(lines: bytes) { answer in
        demand(answer.line > last && answer.line <= lines, "line \(answer.line) after \(last) of \(lines)")
        last = answer.line
        check(answer)
      }
    }
  }

  private static func check(_ answer: SurrogateBatch.Answer) {
    let text = answer.json
    let json = unwrap("\(text) is JSON") { () throws(JSONError) in try JSONValue(parsing: text) }
    demand(!text.utf8.contains(UInt8(ascii: "\n")), "an answer is one line: \(text)")
    demand(json["line"] == .int(answer.line), "an answer says its line: \(text)")
    switch answer.result {
    case .success(let numbers):
      demand(numbers.gradient.count == numbers.shape.logitCount, "a slope for each logit: \(text)")
      // A mean over nothing is nan, and nothing is learned from it; a weight may overflow a Float.
      demand(
        !numbers.value.isNaN || numbers.gradient.allSatisfy { $0 == 0 || $0.isNaN }, "a value for its slopes: \(text)")
    case .failure(let failure):
      demand(!failure.message.isEmpty && failure.message.utf8.count < 2000, "a short message: \(text)")
    }
  }
}
