/// A JSON value as read from a file; numbers are Double, which holds every id up to 2⁵³.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// What it is, in words for error messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let value):
      "the number \(value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)")"
    case .string(let text): "the text \"\(text.prefix(40))\""
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    }
  }
}
