/// Writes JSON: numbers in the shortest decimal that reads back, non-finite ones as quoted words.
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
      case "\u{0}"..."\u{1f}":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value on one line, without blanks.
  public var description: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value): text += JSONText.number(value)
    case .string(let value): text += JSONText.string(value)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        text += JSONText.string(member.name) + ":"
        member.value.write(to: &text)
      }
      text += "}"
    }
  }
}
