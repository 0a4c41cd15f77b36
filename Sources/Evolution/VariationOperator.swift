/// How a candidate came to be; the raw values are stable.
public enum VariationOperator: String, Codable, Hashable, Sendable, CaseIterable {
  /// Given by the user or the task.
  case warmStart
  /// Drawn from the grammar.
  case random
  /// A part of one parent in the place of a part of another.
  case crossover
  /// Joint search: classification from one parent, regression from another, both unchanged.
  case exchange
  case point, constant, hoist, insert, delete, subtree
  /// No operator found a legal change: the parent itself. Never trained again, since it is a duplicate.
  case unchanged

  public init(_ kind: MutationKind) {
    switch kind {
    case .point: self = .point
    case .constant: self = .constant
    case .hoist: self = .hoist
    case .insert: self = .insert
    case .delete: self = .delete
    case .subtree: self = .subtree
    }
  }
}
