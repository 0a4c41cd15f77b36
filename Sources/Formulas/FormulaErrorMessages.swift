/// The stable codes and the sentences of formula errors.
extension FormulaError {
  /// A word that programs may depend on; it does not change with the wording of the message.
  public var code: String {
    switch kind {
    case .empty: "empty"
    case .nonASCII: "nonASCII"
    case .unexpectedCharacter: "unexpectedCharacter"
    case .badNumber, .numberTooLarge: "badNumber"
    case .missingArgument: "missingArgument"
    case .unknownName: "unknownName"
    case .variableNotOfMode: "variableNotOfMode"
    case .primitiveNotOfMode: "primitiveNotOfMode"
    case .mixedModes: "mixedModes"
    case .ambiguousMode: "ambiguousMode"
    case .tooFewArguments, .missingComma: "tooFewArguments"
    case .tooManyArguments: "tooManyArguments"
    case .missingParenthesis: "missingParenthesis"
    case .unclosedParenthesis: "unclosedParenthesis"
    case .variableCalled: "variableCalled"
    case .trailingText: "trailingText"
    case .tooDeep: "tooDeep"
    case .tooLong: "tooLong"
    case .tooManyNodes: "tooManyNodes"
    case .bareLiteral: "bareLiteral"
    case .shape(.sampleWithElement): "sampleWithElement"
    case .shape(.softmaxOfLowRank): "softmaxOfLowRank"
    case .shape(.dotOfScalars): "dotOfScalars"
    }
  }

  /// One sentence or two: what is wrong, and the mend.
  public var message: String {
    switch kind {
    case .empty: "the formula is empty: write one, such as Neg(Dot(Y,Log(Softmax(X))))"
    case .nonASCII(let character):
      "'\(character)' (\(Self.codePoints(of: character))) is not ASCII: "
        + (Self.lookalike(character)
          ?? "names are made of the letters A to Z and numbers of the digits 0 to 9")
    case .unexpectedCharacter(let character):
      "'\(character)' cannot stand here: \(Self.meant(character) ?? "a name or a number is expected")"
    case .badNumber(let text):
      Self.isInfix(text)
        ? "'\(text)' is no number: \(Self.operators)"
        : "'\(text)' is no number: write digits, then .digits and e±digits if needed, as in 2, 0.5 or 1e-3"
    case .numberTooLarge(let text):
      "'\(text)' is too large: numbers go up to 1.7e308, and losses are computed in Float, where they go up to 3.4e38"
    case .missingArgument: "an argument is missing here: write a name or a number"
    case .unknownName(let name, let suggestion):
      "there is no '\(name)'" + (suggestion.map { ": did you mean '\($0)'?" } ?? ": \(Self.allNames)")
    case .variableNotOfMode(let variable, let mode):
      "\(variable.rawValue) is no variable of \(mode.rawValue) (it is one of \(Self.owners(of: variable))): "
        + "use \(mode.variables.map(\.rawValue).joined(separator: ", "))"
    case .primitiveNotOfMode(let primitive, let mode):
      "\(primitive.rawValue) is no primitive of \(mode.rawValue) (it is one of \(Self.owners(of: primitive))): "
        + "use \(mode.primitives.map(\.rawValue).joined(separator: ", "))"
    case .mixedModes(let name, let earlier):
      "no mode has both \(name) and \(earlier): keep to the names of one mode"
    case .ambiguousMode(let modes):
      "the formula could be of \(modes.map(\.rawValue).joined(separator: " or ")): say which with --mode"
    case .tooFewArguments(let primitive, let given):
      "\(primitive.rawValue) takes \(primitive.arity) argument\(primitive.arity == 1 ? "" : "s"), not \(given): "
        + "add the missing one here"
    case .missingComma(let primitive):
      "\(primitive.rawValue) takes \(primitive.arity) arguments: write ',' between them here"
    case .tooManyArguments(let primitive):
      "\(primitive.rawValue) takes \(primitive.arity) argument\(primitive.arity == 1 ? "" : "s"), not more: "
        + "remove what follows or close the parenthesis here"
    case .missingParenthesis(let primitive):
      "\(primitive.rawValue) needs its arguments in parentheses: write '(' here"
    case .unclosedParenthesis(let primitive):
      "the parenthesis of \(primitive.rawValue) is not closed: write ')' here"
    case .variableCalled(let variable):
      "\(variable.rawValue) is a variable and takes no arguments: remove the parentheses"
    case .trailingText: "the formula ends before this: remove the rest"
    case .tooDeep(let limit): "the formula is nested deeper than \(limit): write it with fewer levels"
    case .tooLong(let limit): "the formula is longer than \(limit) bytes: write a shorter one"
    case .tooManyNodes(let limit):
      "the formula has more than \(limit) different parts: write one with fewer (equal parts count once)"
    case .bareLiteral: "a number alone is no loss: use a variable"
    case .shape(.sampleWithElement):
      "a value for each sample (N, the result of a Dot) does not combine with one for each element (N×C): "
        + "sum the other one over the classes with Dot first"
    case .shape(.softmaxOfLowRank(let shape)):
      "Softmax runs over the classes of an N×C value, and this is \(Self.words(for: shape)): give it X, Y or the like"
    case .shape(.dotOfScalars):
      "Dot of two plain numbers has nothing to sum over: multiply them with Mul"
    }
  }

  private static func owners(of variable: Variable) -> String {
    Mode.allCases.filter { $0.variables.contains(variable) }.map(\.rawValue).joined(separator: ", ")
  }

  private static func owners(of primitive: Primitive) -> String {
    Mode.allCases.filter { $0.primitives.contains(primitive) }.map(\.rawValue).joined(separator: ", ")
  }

  private static func words(for shape: ValueShape) -> String {
    switch shape {
    case .rankZero: "one number"
    case .one: "a constant"
    case .perSample: "one number for each sample"
    case .perElement: "N×C"
    }
  }
}
