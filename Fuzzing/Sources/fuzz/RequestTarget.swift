import Formulas
import Foundation
import JSONValues
import Losses

/// Every line has an answer that is JSON; JSON and loss cards read back as they were written.
enum RequestTarget {
  static func run(_ bytes: UnsafeRawBufferPointer) {
    var choices = Choices(bytes)
    switch choices.byte() {
    case UInt8(ascii: "c"): card(Data(choices.remaining))
    case UInt8(ascii: "j"): json(Array(choices.remaining))
    case UInt8(ascii: "d"): line(String(decoding: choices.remaining, as: UTF8.self), .double)
    case _: line(String(decoding: choices.remaining, as: UTF8.self), .float)
    }
  }

  private static func line(_ line: String, _ precision: EvaluationPrecision) {
    let text = EvaluationRequest.answer(line: line, precision: precision)
    let answer = unwrap("\(text) is JSON") { () throws(JSONError) in try JSONValue(parsing: text) }
    let names = answer.members?.map(\.name) ?? []
    demand(names.first == "id", "an answer begins with its id: \(text)")
    demand(
      names.contains("error") != (names.contains("value") && names.contains("grad")), "an error or numbers: \(text)")
    demand(!text.utf8.contains(UInt8(ascii: "\n")), "an answer is one line: \(text)")
  }

  private static func json(_ bytes: [UInt8]) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      demand((0...bytes.count).contains(error.offset) && error.line >= 1 && error.column >= 1, "a place: \(error)")
      return
    }
    let text = value.description
    let again = unwrap("\(text) reads back") { () throws(JSONError) in try JSONValue(parsing: text) }
    demand(again == value, "\(text) reads back as itself, not \(again)")
  }

  private static func card(_ data: Data) {
    guard let card = try? JSONDecoder().decode(LossCard.self, from: data) else { return }
    let written = unwrap("the card \(card) is written") { () throws(any Error) in try JSONEncoder().encode(card) }
    let again = unwrap("the card \(card) reads back") { () throws(any Error) in
      try JSONDecoder().decode(LossCard.self, from: written)
    }
    demand(again == card, "the card \(card) reads back as itself, not \(again)")
  }
}
