import Foundation
import JSONValues

/// A JSON value together with its place in a file, so that every complaint names file, entry and key.
struct JSONEntry {
  let file: String
  /// Such as `annotations[12]`; empty for the whole file.
  let path: String
  let value: JSONValue

  /// - Throws: `fileUnreadable`, `malformedJSON`. `name` is what messages call the file.
  static func read(_ url: URL, name: String) throws(DatasetError) -> JSONEntry {
    let bytes = try FileBytes.read(url, name: name)
    do throws(JSONError) {
      return JSONEntry(file: name, path: "", value: try JSONValue(parsing: bytes))
    } catch {
      throw .malformedJSON(file: name, line: error.line, column: error.column, reason: error.reason)
    }
  }

  func error(_ key: String = "", _ reason: String) -> DatasetError {
    .malformedEntry(file: file, entry: place(key), reason: reason)
  }

  private func place(_ key: String) -> String {
    key.isEmpty ? (path.isEmpty ? "top level" : path) : (path.isEmpty ? key : "\(path).\(key)")
  }

  /// The member, nil when absent or null.
  func member(_ key: String) throws(DatasetError) -> JSONEntry? {
    guard case .object = value else { throw error("", "is \(value.kind), expected an object") }
    let member = value[key]
    guard !member.isNull else { return nil }
    return JSONEntry(file: file, path: place(key), value: member)
  }

  func required(_ key: String, _ meaning: String) throws(DatasetError) -> JSONEntry {
    guard let member = try member(key) else { throw error(key, "missing, expected \(meaning)") }
    return member
  }

  func elements() throws(DatasetError) -> [JSONEntry] {
    guard case .array(let elements) = value else { throw error("", "is \(value.kind), expected an array") }
    return elements.enumerated().map { JSONEntry(file: file, path: "\(path)[\($0)]", value: $1) }
  }

  func integer() throws(DatasetError) -> Int {
    guard let number = finite, let integer = Int(exactly: number) else {
      throw error("", "is \(value.kind), expected an integer")
    }
    return integer
  }

  func number() throws(DatasetError) -> Double {
    guard let number = finite else { throw error("", "is \(value.kind), expected a number") }
    return number
  }

  /// The number, unless it is written as a word such as "nan".
  private var finite: Double? { value.string == nil ? value.number : nil }

  func text() throws(DatasetError) -> String {
    guard case .string(let text) = value else { throw error("", "is \(value.kind), expected a text") }
    return text
  }

  /// COCO writes flags as 0 and 1, some tools as false and true.
  func flag() throws(DatasetError) -> Bool {
    if let flag = value.bool { return flag }
    switch finite {
    case 0: return false
    case 1: return true
    case .some, .none: throw error("", "is \(value.kind), expected 0 or 1")
    }
  }

  /// Exactly four numbers: x, y, width, height.
  func box() throws(DatasetError) -> AnnotatedBox {
    guard case .array(let values) = value else { throw error("", "is \(value.kind), expected 4 numbers") }
    guard values.count == 4 else {
      throw error("", "\(values.count) number\(values.count == 1 ? "" : "s"), expected 4 (x, y, width, height)")
    }
    var numbers: [Double] = []
    for element in try elements() { numbers.append(try element.number()) }
    return AnnotatedBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
  }
}
