/// Reads `formula := Name | number | Name "(" formula { "," formula } ")"` without recursion.
struct FormulaParser {
  private let source: String
  private let mode: Mode?
  private let checksNames: Bool
  private var scanner: FormulaScanner
  private var builder = FormulaBuilder()
  /// Where each node of the builder first stood.
  private var offsets: [Int] = []
  private var open: [Call] = []
  /// The modes that have every name so far, and the name that narrowed them last.
  private var candidates = Mode.allCases
  private var narrowing = ""

  private struct Call {
    let primitive: Primitive
    let offset: Int
    var arguments: [Int] = []
  }

  init(_ source: String, mode: Mode?, checksNames: Bool = true) {
    self.source = source
    self.mode = mode
    self.checksNames = checksNames
    scanner = FormulaScanner(source)
  }

  /// The formula and the mode it was read in (nil when names are not checked).
  mutating func parse() throws(FormulaError) -> (formula: Formula, mode: Mode?) {
    let root = try parseTree()
    let end = try scanner.next()
    guard end.kind == .end else { throw error(.trailingText, at: end.offset) }
    let formula = builder.build(root: root)
    guard checksNames else { return (formula, nil) }
    guard let mode = mode ?? (candidates.count == 1 ? candidates[0] : nil) else {
      throw error(.ambiguousMode(candidates), at: 0)
    }
    // Both orders are that of the first visit, so an index of the formula is one of the builder.
    let places = offsets
    let text = source
    _ = try formula.checkedShapes(in: mode) { kind, node in
      FormulaError(kind, source: text, offset: places[node])
    }
    return (formula, mode)
  }

  /// Reads one formula and returns its root in the builder.
  private mutating func parseTree() throws(FormulaError) -> Int {
    while true {
      var value = try parseOperand()
      if value == nil { continue }
      while let done = value {
        guard !open.isEmpty else { return done }
        open[open.count - 1].arguments.append(done)
        value = try parseSeparator()
      }
    }
  }

  /// Reads a leaf, or opens a call and returns nil.
  private mutating func parseOperand() throws(FormulaError) -> Int? {
    let token = try scanner.next()
    switch token.kind {
    case .number(let value): return try insert(.constant(value), at: token.offset)
    case .name(let name): return try parseName(name, at: token.offset)
    case .end:
      if let call = open.last { throw error(fault(ofUnfinished: call), at: token.offset) }
      throw error(.empty, at: token.offset)
    case .close:
      if let call = open.last, !call.arguments.isEmpty || call.primitive.arity == 2 {
        throw error(.tooFewArguments(call.primitive, given: call.arguments.count), at: token.offset)
      }
      throw error(open.isEmpty ? .unexpectedCharacter(")") : .missingArgument, at: token.offset)
    case .comma: throw error(open.isEmpty ? .unexpectedCharacter(",") : .missingArgument, at: token.offset)
    case .open: throw error(.unexpectedCharacter("("), at: token.offset)
    }
  }

  private func fault(ofUnfinished call: Call) -> FormulaError.Kind {
    .tooFewArguments(call.primitive, given: call.arguments.count)
  }

  private mutating func parseName(_ name: String, at offset: Int) throws(FormulaError) -> Int? {
    if let variable = Variable(rawValue: name) {
      try admit(name, at: offset, fault: { .variableNotOfMode(variable, $0) }, has: { $0.variables.contains(variable) })
      let next = try scanner.peek()
      guard next.kind != .open else { throw error(.variableCalled(variable), at: next.offset) }
      return try insert(.variable(variable), at: offset)
    }
    guard let primitive = Primitive(rawValue: name) else {
      let shown = name.utf8.count > 40 ? name.prefix(40) + "…" : name
      throw error(.unknownName(shown, suggestion: suggestion(for: name)), at: offset)
    }
    try admit(
      name, at: offset, fault: { .primitiveNotOfMode(primitive, $0) }, has: { $0.primitives.contains(primitive) })
    let next = try scanner.next()
    guard next.kind == .open else { throw error(.missingParenthesis(primitive), at: next.offset) }
    guard open.count < Formula.maximumDepth else { throw error(.tooDeep(limit: Formula.maximumDepth), at: offset) }
    open.append(Call(primitive: primitive, offset: offset))
    return nil
  }

  /// Reads what follows an argument: nil after a comma (another argument follows), the call's node after `)`.
  private mutating func parseSeparator() throws(FormulaError) -> Int? {
    guard let call = open.last else { return nil }
    let token = try scanner.next()
    let complete = call.arguments.count == call.primitive.arity
    switch token.kind {
    case .comma:
      guard !complete else { throw error(.tooManyArguments(call.primitive), at: token.offset) }
      return nil
    case .close:
      guard complete else {
        throw error(.tooFewArguments(call.primitive, given: call.arguments.count), at: token.offset)
      }
      open.removeLast()
      let node: Node =
        call.arguments.count == 1
        ? .unary(call.primitive, call.arguments[0]) : .binary(call.primitive, call.arguments[0], call.arguments[1])
      return try insert(node, at: call.offset)
    case .name, .number:
      throw error(complete ? .unclosedParenthesis(call.primitive) : .missingComma(call.primitive), at: token.offset)
    case .end, .open:
      throw error(complete ? .unclosedParenthesis(call.primitive) : fault(ofUnfinished: call), at: token.offset)
    }
  }

  /// Keeps the modes that have a name; an error when none is left.
  private mutating func admit(
    _ name: String, at offset: Int, fault: (Mode) -> FormulaError.Kind, has: (Mode) -> Bool
  ) throws(FormulaError) {
    guard checksNames else { return }
    if let mode {
      guard has(mode) else { throw error(fault(mode), at: offset) }
      return
    }
    let left = candidates.filter(has)
    guard !left.isEmpty else { throw error(.mixedModes(name: name, earlier: narrowing), at: offset) }
    if left.count < candidates.count { narrowing = name }
    candidates = left
  }

  private func suggestion(for name: String) -> String? {
    let modes = mode.map { [$0] } ?? candidates
    let here = modes.flatMap { $0.primitives.map(\.rawValue) + $0.variables.map(\.rawValue) }
    let all = Primitive.allCases.map(\.rawValue) + Variable.allCases.map(\.rawValue)
    return NameSuggestion.nearest(to: name, among: here) ?? NameSuggestion.nearest(to: name, among: all)
  }

  private mutating func insert(_ node: Node, at offset: Int) throws(FormulaError) -> Int {
    let index = builder.insert(node)
    if index == offsets.count { offsets.append(offset) }
    guard index < Formula.maximumNodeCount else {
      throw error(.tooManyNodes(limit: Formula.maximumNodeCount), at: offset)
    }
    return index
  }

  private func error(_ kind: FormulaError.Kind, at offset: Int) -> FormulaError {
    FormulaError(kind, source: source, offset: offset)
  }
}
