import Foundation

/// A recorded JSON value, read with the conventions of the golden files: "nan", "inf" and "-inf" are numbers.
public enum GoldenValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([GoldenValue])
  case object([String: GoldenValue])

  /// Reads one JSON text.
  public init(parsing text: String) throws {
    self.init(try JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed]))
  }

  init(_ any: Any) {
    switch any {
    case let number as NSNumber: self = Self.number(number)
    case let string as String: self = .string(string)
    case let array as [Any]: self = .array(array.map(GoldenValue.init))
    case let object as [String: Any]: self = .object(object.mapValues(GoldenValue.init))
    default: self = .null
    }
  }

  private static func number(_ number: NSNumber) -> GoldenValue {
    String(cString: number.objCType) == "c" ? .bool(number.boolValue) : .number(number.doubleValue)
  }

  /// The member of an object; `.null` where there is none.
  public subscript(_ key: String) -> GoldenValue {
    if case .object(let members) = self { return members[key] ?? .null }
    return .null
  }

  /// The element of an array; `.null` outside it.
  public subscript(_ index: Int) -> GoldenValue {
    if case .array(let elements) = self, elements.indices.contains(index) { return elements[index] }
    return .null
  }

  public var isNull: Bool { if case .null = self { true } else { false } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var int: Int? { double.flatMap { Int(exactly: $0) } }
  public var array: [GoldenValue]? { if case .array(let elements) = self { elements } else { nil } }
  public var object: [String: GoldenValue]? { if case .object(let members) = self { members } else { nil } }

  public var string: String? { if case .string(let text) = self { text } else { nil } }

  /// A number, also one written as "nan", "inf" or "-inf".
  public var double: Double? {
    switch self {
    case .number(let value): value
    case .string("nan"): .nan
    case .string("inf"): .infinity
    case .string("-inf"): -.infinity
    case .bool(let value): value ? 1 : 0
    case .null, .string, .array, .object: nil
    }
  }

  /// Every number below this value in row-major order, read as Double; a bare number is an array of one.
  public var doubles: [Double] {
    if case .array(let elements) = self { return elements.flatMap(\.doubles) }
    return double.map { [$0] } ?? []
  }

  /// Every number below this value in row-major order, read as Float first, as the golden README asks.
  public var floats: [Float] { doubles.map { Float($0) } }

  /// The lengths of the nested arrays, outermost first; empty for a scalar.
  public var shape: [Int] {
    guard case .array(let elements) = self else { return [] }
    return [elements.count] + (elements.first?.shape ?? [])
  }
}
