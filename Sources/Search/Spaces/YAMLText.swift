import Foundation
import Yams

/// Settings as YAML that people read: keys in the order of the code, short numbers, lists on one line.
enum YAMLText {
  static func text(of value: some Encodable) throws -> String {
    guard let node = try Yams.compose(yaml: try YAMLEncoder().encode(value)) else { return "" }
    var text = ""
    write(node, indent: 0, to: &text)
    return text
  }

  private static func write(_ node: YAMLNode, indent: Int, to text: inout String) {
    guard case .mapping(let pairs) = node else {
      text += inline(node) + "\n"
      return
    }
    for (key, value) in pairs {
      text += String(repeating: "  ", count: indent) + inline(key) + ":"
      if case .mapping = value {
        text += "\n"
        write(value, indent: indent + 1, to: &text)
      } else {
        text += " " + inline(value) + "\n"
      }
    }
  }

  /// A value on one line.
  static func inline(_ node: YAMLNode) -> String {
    switch node {
    case .scalar(let scalar): return inline(scalar, isText: node.int == nil && node.float == nil && node.bool == nil)
    case .sequence(let elements): return "[" + elements.map(inline).joined(separator: ", ") + "]"
    case .mapping(let pairs):
      return "{" + pairs.map { "\(inline($0.key)): \(inline($0.value))" }.joined(separator: ", ") + "}"
    case .alias: return "null"
    }
  }

  private static func inline(_ scalar: YAMLNode.Scalar, isText: Bool) -> String {
    if scalar.style == .doubleQuoted || scalar.style == .singleQuoted { return quoted(scalar.string) }
    if !isText {
      guard Int(scalar.string) == nil, UInt64(scalar.string) == nil, let number = Double(scalar.string) else {
        return scalar.string
      }
      return shortest(number)
    }
    let isPlain =
      !scalar.string.isEmpty && scalar.string.allSatisfy { $0.isLetter || $0.isNumber || "_-./+".contains($0) }
    return isPlain && scalar.string.first?.isLetter == true ? scalar.string : quoted(scalar.string)
  }

  /// The shortest decimal; numbers that were written from a Float (to 15 digits) as that Float.
  private static func shortest(_ number: Double) -> String {
    let float = Float(number)
    let wasFloat = float.isFinite && abs(Double(float) - number) <= 1e-14 * abs(number)
    let text = wasFloat ? float.description : number.description
    if text.hasSuffix(".0"), text.count < 12 { return String(text.dropLast(2)) }
    // Without a point, readers of YAML 1.1 (PyYAML) take 1e-09 for a text.
    return text.contains(".") ? text : text.replacingOccurrences(of: "e", with: ".0e")
  }

  private static func quoted(_ text: String) -> String {
    let escapes = [("\\", "\\\\"), ("\"", "\\\""), ("\n", "\\n"), ("\t", "\\t")]
    return "\"" + escapes.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) } + "\""
  }
}
