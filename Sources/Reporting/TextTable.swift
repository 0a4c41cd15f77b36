/// A table in plain text: a head, a rule, rows; each column as wide as its widest cell.
public struct TextTable: Sendable {
  public enum Alignment: Sendable { case left, right }

  public struct Column: Sendable {
    public var title: String
    public var alignment: Alignment

    public init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  public let columns: [Column]
  public private(set) var rows: [[String]] = []

  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; missing cells are empty, surplus ones are dropped.
  public mutating func add(_ cells: String...) { add(cells: cells) }

  /// The same for cells whose number is not known beforehand.
  public mutating func add(cells: [String]) {
    let padded = cells.prefix(columns.count) + Array(repeating: "", count: max(0, columns.count - cells.count))
    rows.append(Array(padded))
  }

  /// The lines, without blanks at their ends.
  public var lines: [String] {
    let widths = columns.indices.map { index in
      max(columns[index].title.count, rows.map { $0[index].count }.max() ?? 0)
    }
    let head = line(columns.map(\.title), widths)
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return [head, rule] + rows.map { line($0, widths) }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = columns.indices.map { index in
      let blanks = String(repeating: " ", count: widths[index] - cells[index].count)
      return switch columns[index].alignment {
      case .left: cells[index] + blanks
      case .right: blanks + cells[index]
      }
    }.joined(separator: "  ")
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension TextTable: CustomStringConvertible {
  public var description: String { lines.joined(separator: "\n") }
}
