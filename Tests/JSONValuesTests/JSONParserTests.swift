import Foundation
import JSONValues
import Randomness
import Testing

/// The JSON reader against Foundation's on good text, and its places and reasons on bad text.
struct JSONParserTests {
  @Test(
    arguments: [
      ("", 1, 1, "ends where a value"), ("  \n ", 2, 2, "ends where a value"), ("{", 1, 2, "expected a key"),
      ("{\"a\" 1}", 1, 6, "expected ':' after the key \"a\""), ("{\"a\":1 \"b\":2}", 1, 8, "after the value of \"a\""),
      ("[1 2]", 1, 4, "expected ',' or ']' after element 0"), ("[1,]", 1, 4, "unexpected ']'"),
      ("01", 1, 3, "must not begin with 0"), ("-", 1, 2, "expected a digit"), ("1.", 1, 3, "expected a digit"),
      ("1e", 1, 3, "expected a digit in the exponent"), ("1e999", 1, 6, "too large"), ("tru", 1, 1, "expected true"),
      ("\"abc", 1, 5, "ends inside a string"), ("\"a\nb\"", 1, 3, "control character"),
      ("\"\\q\"", 1, 4, "unknown escape"), ("\"\\u+123\"", 1, 4, "four hexadecimal digits"),
      ("\"\\u-000\"", 1, 4, "four hexadecimal digits"), ("\"\\ud800\"", 1, 8, "surrogate"),
      ("{}{}", 1, 3, "text after the end"),
      ("{\"a\":1,\n\"a\":2}", 2, 1, "stands twice"), ("Infinity", 1, 1, "no JSON numbers"),
      ("\"\u{7f}\" é", 1, 5, "text after the end"),
    ] as [(String, Int, Int, String)])
  func badText(_ text: String, line: Int, column: Int, reason: String) {
    let failure = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text.utf8)) }
    #expect(failure?.line == line && failure?.column == column, "\(text): \(String(describing: failure))")
    #expect(failure?.reason.contains(reason) == true, "\(text): \(String(describing: failure))")
  }

  /// Bytes that are no UTF-8, with the place of the first, and wide encodings.
  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x7B, 0x00], 1, 1, "UTF-16"), ([0xFE, 0xFF, 0x00, 0x7B], 1, 1, "UTF-16"),
      ([0x7B, 0, 0x7D, 0], 1, 1, "UTF-16"),
      ([0, 0x7B, 0, 0x7D], 1, 1, "iconv -f UTF-16 -t UTF-8"), ([0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], 1, 1, "UTF-32"),
      ([0, 0, 0xFE, 0xFF, 0, 0, 0, 0x7B], 1, 1, "UTF-32"), ([0x7B, 0, 0, 0], 1, 1, "UTF-32"),
      ([0, 0, 0, 0x7B], 1, 1, "UTF-32"),
      ([0x22, 0x61, 0xE9, 0x22], 1, 3, "byte 0xE9 is no valid UTF-8: save"),
      ([0x5B, 0x0A, 0x20, 0x80, 0x5D], 2, 2, "0x80"),
      ([0x22, 0xC3, 0xA9, 0xC3, 0x22], 1, 4, "0xC3"), ([0x22, 0xED, 0xA0, 0x80, 0x22], 1, 2, "0xED"),
      ([0x5B, 0xC3, 0xA9, 0x5D, 0xFF], 1, 2, "unexpected 'é' (U+00E9)"), ([0x5B, 0x7F], 1, 2, "byte 127"),
    ] as [([UInt8], Int, Int, String)])
  func badEncoding(_ bytes: [UInt8], line: Int, column: Int, reason: String) {
    let failure = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    #expect(failure?.line == line && failure?.column == column, "\(bytes): \(String(describing: failure))")
    #expect(failure?.reason.contains(reason) == true, "\(bytes): \(String(describing: failure))")
  }

  @Test func depthIsLimited() {
    let deep = String(repeating: "[", count: 100_000)
    let failure = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(deep.utf8)) }
    #expect(failure?.reason.contains("levels deep") == true)
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test(arguments: 1...5) func numbersAreReadAsTheNearestDouble(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<2000 {
      var text = generator.chance(0.3) ? "-" : ""
      text += "\(generator.index(below: 1_000_000))"
      let digits = generator.index(below: 14)
      if digits > 0 { text += "." + (0..<digits).map { _ in "\(generator.index(below: 10))" }.joined() }
      if generator.chance(0.2) { text += "e\(generator.integer(in: -30...30))" }
      guard let value = try JSONValue(parsing: text).number else {
        Issue.record("\(text) is no number")
        return
      }
      #expect(value == Double(text), "seed \(seed): \(text)")
    }
  }

  @Test func stringsAndEscapes() throws {
    let text = #"{"k\u00e9\ud83d\ude00\n\/" : ["", "Grüße", null, true, false]}"#
    let value = try JSONValue(parsing: "\u{FEFF}\(text)")
    #expect(value["ké😀\n/"] == ["", "Grüße", nil, true, false])
  }

  @Test(arguments: 1...300) func randomDamageNeverCrashes(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var text = Array(
      #"{"images":[{"id":1,"file_name":"ä.png","w":1.5e-3}],"flags":[true,false,null],"text":"a\nb\u00e9"}"#.utf8)
    for _ in 0..<generator.integer(in: 1...6) {
      let place = generator.index(below: text.count)
      if generator.chance(0.5) { text.remove(at: place) } else { text[place] = UInt8(generator.integer(in: 0...255)) }
    }
    let ours = (try? JSONValue(parsing: text)) != nil
    if ours {
      let theirs = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
      #expect(theirs, "seed \(seed): we took what Foundation refuses: \(String(decoding: text, as: UTF8.self))")
    }
  }
}
