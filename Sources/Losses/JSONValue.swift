import Foundation

/// A JSON value; numbers that are not finite are the strings "nan", "inf" and "-inf".
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Reads one JSON text.
  /// - Throws: what Foundation says about malformed text.
  public init(parsing text: String) throws {
    self.init(try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed]))
  }

  private init(_ any: Any) {
    switch any {
    case let number as NSNumber:
      self = String(cString: number.objCType) == "c" ? .bool(number.boolValue) : .number(number.doubleValue)
    case let string as String: self = .string(string)
    case let array as [Any]: self = .array(array.map(JSONValue.init))
    case let object as [String: Any]: self = .object(object.mapValues(JSONValue.init))
    default: self = .null
    }
  }

  /// The member of an object; nil where there is none.
  public subscript(_ key: String) -> JSONValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  /// A number, also one written as "nan", "inf" or "-inf".
  public var double: Double? {
    switch self {
    case .number(let value): value
    case .string("nan"): .nan
    case .string("inf"): .infinity
    case .string("-inf"): -.infinity
    case .null, .bool, .string, .array, .object: nil
    }
  }

  public var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }
}

/// Writes JSON: numbers in the shortest decimal that reads back, non-finite ones as strings.
public enum JSONText {
  /// A number of either precision.
  public static func number<Scalar: BinaryFloatingPoint & CustomStringConvertible>(_ value: Scalar) -> String {
    if value.isNaN { return "\"nan\"" }
    if value.isInfinite { return value > 0 ? "\"inf\"" : "\"-inf\"" }
    return value.description
  }

  /// Row-major numbers nested by the lengths of the axes; no axis gives the bare number.
  public static func nested<Scalar: BinaryFloatingPoint & CustomStringConvertible>(
    _ values: [Scalar], shape: [Int]
  ) -> String {
    guard let count = shape.first else { return values.first.map { number($0) } ?? "null" }
    let inner = Array(shape.dropFirst())
    let size = inner.reduce(1, *)
    let parts = (0..<count).map { index in
      inner.isEmpty
        ? number(values[index]) : nested(Array(values[(index * size)..<((index + 1) * size)]), shape: inner)
    }
    return "[" + parts.joined(separator: ",") + "]"
  }

  /// A quoted string.
  public static func string(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }
}
