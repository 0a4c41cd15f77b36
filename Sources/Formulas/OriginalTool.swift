/// A reason why the tool that published the language cannot load a formula that is sound here.
public struct OriginalToolIssue: Hashable, Sendable, Codable {
  /// The closed list of reasons.
  public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
    /// `Sin(1)`: its Sin and Cos call a tensor's method on a plain number.
    case trigonometricLiteral
    /// A formula that is one number compiles to a plain number there.
    case bareLiteral
  }

  public let kind: Kind
  /// The part of the formula, printed.
  public let part: String

  public var message: String {
    switch kind {
    case .trigonometricLiteral:
      "the original tool cannot load \(part): its Sin and Cos refuse a literal; a computed constant works"
    case .bareLiteral: "the original tool cannot load \(part): a number alone is no tensor there"
    }
  }
}

extension Formula {
  /// What keeps the original tool from loading this formula; empty for every formula that a search generates.
  public var originalToolIssues: [OriginalToolIssue] {
    var issues: [OriginalToolIssue] = []
    if isBareLiteral { issues.append(OriginalToolIssue(kind: .bareLiteral, part: description)) }
    for (index, node) in nodes.enumerated() {
      guard case .unary(let primitive, let child) = node, primitive == .sin || primitive == .cos,
        case .constant = nodes[child]
      else { continue }
      issues.append(OriginalToolIssue(kind: .trigonometricLiteral, part: subformula(at: index).description))
    }
    return issues
  }
}
