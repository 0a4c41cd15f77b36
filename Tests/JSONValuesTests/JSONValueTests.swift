import JSONValues
import Testing

@Suite struct JSONValueTests {
  @Test(arguments: [
    (JSONValue.null, "null"), (true, "true"), (-3, "-3"), (0.1, "0.1"), (.double(1), "1.0"),
    (.double(.nan), "\"nan\""), (.double(.infinity), "\"inf\""), (.double(-.infinity), "\"-inf\""),
    (.double(.leastNonzeroMagnitude), "5e-324"),
    (.string("a\"b\\c\n\u{1}é"), #""a\"b\\c\n\u0001é""#), (.array([]), "[]"),
    (JSONValue.object([.init("b", [1, 2.5]), .init("a", nil)]), #"{"b":[1,2.5],"a":null}"#),
  ])
  func writesOneLine(value: JSONValue, text: String) {
    #expect(value.description == text)
  }

  @Test(arguments: [
    "null", "[1,-2,3.5,1e-07,\"x\"]", #"{"id":"e1","inputs":{"X":[[1.5,"nan"],["inf",2]]},"ok":true}"#,
    #""\u00e9\ud83d\ude00\/""#, " [ 1 , { } , [ ] ] ",
  ])
  func readsWhatItWrites(text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(try JSONValue(parsing: value.description) == value)
  }

  @Test func readsNumbersWrittenAsWords() throws {
    let value = try JSONValue(parsing: #"["nan","inf","-inf",2,0.5,"other",null]"#)
    let numbers = try #require(value.elements).map(\.number)
    #expect(numbers[0]?.isNaN == true)
    #expect(Array(numbers[1...]) == [.infinity, -.infinity, 2, 0.5, nil, nil])
  }
}
