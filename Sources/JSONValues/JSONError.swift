/// Where and why a text is no JSON.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Line and column from 1; the column counts bytes.
  public let line: Int
  public let column: Int
  /// Bytes before the place.
  public let offset: Int
  public let reason: String

  public var description: String { "line \(line), column \(column): \(reason)" }
}

extension JSONValue {
  /// Reads the one value of a text; blanks around it and a UTF-8 byte order mark are allowed, members keep their order.
  public init(parsing text: [UInt8]) throws(JSONError) { self = try JSONParser.parse(text) }

  public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}
