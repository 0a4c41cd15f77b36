/// How many candidates came in and where they left, in the order of the stages.
public struct Funnel: Sendable, Hashable {
  public struct Level: Sendable, Hashable {
    public var name: String
    public var count: Int

    public init(_ name: String, _ count: Int) {
      self.name = name
      self.count = count
    }
  }

  public var levels: [Level]

  public init(_ levels: [Level]) { self.levels = levels }

  /// One line: `generated 10,000 → new 4,211 → verified 96`.
  public var line: String {
    levels.map { "\($0.name) \($0.count.grouped)" }.joined(separator: " → ")
  }

  /// The counts alone, for a narrow screen: `10,000→4,211→96`.
  public var counts: String { levels.map(\.count.grouped).joined(separator: "→") }

  /// One row a level with its share of the first.
  public var table: TextTable {
    var table = TextTable([.init("stage"), .init("candidates", .right), .init("share", .right)])
    let total = levels.first?.count ?? 0
    for level in levels { table.add(level.name, level.count.grouped, Self.share(level.count, of: total)) }
    return table
  }

  private static func share(_ count: Int, of total: Int) -> String {
    guard total > 0 else { return "–" }
    let hundredths = (count * 10_000 + total / 2) / total
    let decimals = hundredths % 100
    return "\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals) %"
  }
}

extension Int {
  /// With a comma between thousands.
  public var grouped: String {
    let digits = String(magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return (self < 0 ? "-" : "") + text
  }
}
