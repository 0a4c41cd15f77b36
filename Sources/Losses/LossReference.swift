import Formulas

/// Where in a detector a loss stands.
public enum LossPlace: String, CaseIterable, Hashable, Sendable, Codable {
  case classification
  case regression
}

/// A loss as users write it: a built-in name or a formula.
public enum LossReference {
  /// A loss and its place.
  public enum Resolved: Hashable, Sendable {
    case classification(ClassificationLoss)
    case regression(BoxLoss)
  }

  /// What a text stands for at a place.
  /// - Parameters:
  ///   - text: a name of `BuiltInLoss`, else a formula.
  ///   - place: classification or regression.
  ///   - mode: the detector's classification mode: MULTI_CLS (two-stage) or BINARY_CLS (one-stage).
  /// - Throws: `LossReferenceError`.
  public static func resolve(_ text: String, place: LossPlace, mode: Mode) throws(LossReferenceError) -> Resolved {
    switch place {
    case .classification: .classification(try classification(text, mode: mode))
    case .regression: .regression(try regression(text, mode: mode))
    }
  }

  /// The classification loss that a text stands for.
  /// - Throws: `LossReferenceError`.
  public static func classification(_ text: String, mode: Mode) throws(LossReferenceError) -> ClassificationLoss {
    let name = trimmed(text)
    if let builtIn = BuiltInLoss(rawValue: name) {
      guard let formula = builtIn.formula(in: mode) else { throw misplaced(name, .classification, mode) }
      return ClassificationLoss(
        formula: formula, mode: mode, alpha: mode == .binaryClass ? builtIn.alpha : -1)
    }
    let formula = try parse(name, mode: mode, place: .classification, detector: mode)
    return ClassificationLoss(formula: formula, mode: mode, alpha: mode == .binaryClass ? 0.25 : -1)
  }

  /// The box loss that a text stands for. Losses on decoded boxes weigh 10 in a two-stage detector (the box head's
  /// configuration in mmdetection), 1 in a one-stage detector; losses on deltas weigh 1.
  /// - Throws: `LossReferenceError`.
  public static func regression(_ text: String, mode: Mode) throws(LossReferenceError) -> BoxLoss {
    let name = trimmed(text)
    let weight: Float = mode == .multiClass ? 10 : 1
    if let builtIn = BuiltInLoss(rawValue: name) {
      if let kind = builtIn.deltaKind { return BoxLoss(kind, weight: 1) }
      guard let formula = builtIn.formula(in: .regression) else { throw misplaced(name, .regression, mode) }
      return BoxLoss(.formula(formula), weight: weight)
    }
    return BoxLoss(
      .formula(try parse(name, mode: .regression, place: .regression, detector: mode)), weight: weight)
  }

  /// A formula, or the formula that a built-in name stands for, with its mode; nil lets variables and names decide.
  /// - Throws: `LossReferenceError`.
  public static func formula(_ text: String, mode: Mode?) throws(LossReferenceError) -> (formula: Formula, mode: Mode) {
    let name = trimmed(text)
    guard let builtIn = BuiltInLoss(rawValue: name) else {
      do throws(FormulaError) {
        return try Formula.parse(text, mode: mode)
      } catch {
        throw misspelled(name, mode: mode) ?? composed(error) ?? .formula(error)
      }
    }
    let modes = builtIn.modes
    if let mode, !modes.isEmpty, !modes.contains(mode) { throw .nameOfOtherMode(name, modes: modes, wanted: mode) }
    guard let found = mode ?? modes.first, mode != nil || modes.count == 1, let formula = builtIn.formula(in: found)
    else { throw .noSingleFormula(name, modes: modes) }
    return (formula, found)
  }

  /// The error about a word that was meant as the name of a loss: it is like one of them, or like nothing at all.
  private static func misspelled(_ text: String, mode: Mode?) -> LossReferenceError? {
    guard text.utf8.count <= 64, text.utf8.first.map(isLetter) == true, text.utf8.allSatisfy(isPartOfName) else {
      return nil
    }
    // A letter or a primitive of another mode is no name of a loss.
    guard !Variable.allCases.map(\.rawValue).contains(text), !Primitive.allCases.map(\.rawValue).contains(text) else {
      return nil
    }
    let modes = mode.map { [$0] } ?? Mode.allCases
    let parts = modes.flatMap { $0.variables.map(\.rawValue) + $0.primitives.map(\.rawValue) }
    guard NameSuggestion.nearest(to: text, among: parts) == nil else { return nil }
    let choices = BuiltInLoss.allCases.filter { loss in modes.contains { loss.modes.contains($0) } }.map(\.rawValue)
    let suggestion =
      NameSuggestion.nearest(to: text, among: choices)
      ?? NameSuggestion.nearest(to: text, among: BuiltInLoss.allCases.map(\.rawValue))
    // Of several words, the parser says better what is wrong.
    guard suggestion != nil || text.utf8.allSatisfy({ isLetter($0) || isDigit($0) }) else { return nil }
    return .unknownName(text, suggestion: suggestion, choices: choices)
  }

  /// The error about the name of a loss inside a formula.
  private static func composed(_ fault: FormulaError) -> LossReferenceError? {
    guard case .unknownName(let name, _) = fault.kind, BuiltInLoss(rawValue: name) != nil else { return nil }
    return .nameInsideFormula(name, fault)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
  private static func isPartOfName(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == 0x20
  }

  private static func trimmed(_ text: String) -> String {
    var rest = Substring(text)
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  private static func misplaced(_ name: String, _ place: LossPlace, _ mode: Mode) -> LossReferenceError {
    .misplaced(name, place, choices: BuiltInLoss.names(at: place, mode: mode))
  }

  /// A text without parentheses that is no variable was meant as a name.
  private static func parse(_ text: String, mode: Mode, place: LossPlace, detector: Mode)
    throws(LossReferenceError) -> Formula
  {
    let choices = BuiltInLoss.names(at: place, mode: detector)
    if text.isEmpty { throw .unknownName(text, suggestion: nil, choices: choices) }
    do {
      let formula = try Formula(parsing: text, mode: mode)
      if formula.isBareLiteral {
        throw LossReferenceError.formula(FormulaError(.bareLiteral, source: text, offset: 0))
      }
      return formula
    } catch let error as LossReferenceError {
      throw error
    } catch let error as FormulaError {
      if !text.contains("("), !text.contains(",") {
        throw .unknownName(text, suggestion: NameSuggestion.nearest(to: text, among: choices), choices: choices)
      }
      throw .formula(error)
    } catch {
      throw .unknownName(text, suggestion: nil, choices: choices)
    }
  }
}

/// Why a text stands for no loss at its place.
public enum LossReferenceError: Error, Hashable, Sendable {
  case unknownName(String, suggestion: String?, choices: [String])
  case misplaced(String, LossPlace, choices: [String])
  /// A name that stands for a formula in several modes, or for none.
  case noSingleFormula(String, modes: [Mode])
  /// A name that stands for a formula in these modes, where another is wanted.
  case nameOfOtherMode(String, modes: [Mode], wanted: Mode)
  /// A name that stands for a whole loss, as a part of a formula; with the fault that this is.
  case nameInsideFormula(String, FormulaError)
  case formula(FormulaError)

  public var code: String {
    switch self {
    case .unknownName: "unknownLoss"
    case .misplaced: "misplacedLoss"
    case .noSingleFormula, .nameOfOtherMode: "noSingleFormula"
    case .nameInsideFormula(_, let error), .formula(let error): error.code
    }
  }

  public var message: String {
    switch self {
    case .unknownName(let name, let suggestion, let choices):
      "there is no loss '\(name)'" + (suggestion.map { ": did you mean '\($0)'?" } ?? "")
        + " (names: \(choices.joined(separator: ", ")), as `autoloss losses` shows them; or a formula)"
    case .misplaced(let name, let place, let choices):
      "'\(name)' is no \(place.rawValue) loss of this detector: use \(choices.joined(separator: ", ")) or a formula"
    case .noSingleFormula(let name, let modes):
      modes.isEmpty
        ? "'\(name)' works on encoded deltas and is no formula"
        : "'\(name)' stands for a formula in \(modes.map(\.rawValue).joined(separator: " and ")): say which with --mode"
    case .nameOfOtherMode(let name, let modes, let wanted):
      "'\(name)' is a loss of \(modes.map(\.rawValue).joined(separator: " and ")), not of \(wanted.rawValue); "
        + "the names of \(wanted.rawValue) are "
        + BuiltInLoss.allCases.filter { $0.modes.contains(wanted) }.map(\.rawValue).joined(separator: ", ")
    case .nameInsideFormula(let name, let error):
      "'\(name)' is a whole loss and no part of a formula: write out its formula, as `autoloss losses show \(name)` "
        + "gives it" + error.rendering.dropFirst(error.message.count)
    case .formula(let error): error.rendering
    }
  }

  /// The place in the text; nil where the text as a whole is meant.
  public var position: FormulaError.Position? {
    switch self {
    case .nameInsideFormula(_, let error), .formula(let error): error.position
    case .unknownName(let name, _, _): FormulaError(.empty, source: name, offset: 0).position
    case .misplaced, .noSingleFormula, .nameOfOtherMode: nil
    }
  }
}
