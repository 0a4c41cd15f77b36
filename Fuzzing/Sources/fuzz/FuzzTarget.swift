/// What is fuzzed; the raw value is the name on the command line and the folder of the corpus.
enum FuzzTarget: String, CaseIterable {
  /// Texts and graphs: read, printed, canonical form.
  case parser
  /// Formulas and inputs: the compiled program of every instruction set against the reference evaluator.
  case evaluator
  /// Lines of `eval-expr --batch`, JSON texts, loss cards.
  case requests
  /// Texts of `surrogate eval --batch`.
  case surrogates
  /// Formulas as mathematics, Python and Swift.
  case notations
  /// Formulas before the verifier, the descent simulation and the fingerprint.
  case screening

  /// Puts one input to the test and returns 0; does not return when a property is broken.
  private func run(_ bytes: UnsafeRawBufferPointer) -> CInt {
    switch self {
    case .parser: ParserTarget.run(bytes)
    case .evaluator: EvaluatorTarget.run(bytes)
    case .requests: RequestTarget.run(bytes)
    case .surrogates: SurrogateTarget.run(bytes)
    case .notations: NotationTarget.run(bytes)
    case .screening: ScreeningTarget.run(bytes)
    }
    return 0
  }

  /// The function that libFuzzer calls; a C function carries nothing along, so each target has its own.
  var entry: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt {
    switch self {
    case .parser: { FuzzTarget.parser.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case .evaluator: { FuzzTarget.evaluator.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case .requests: { FuzzTarget.requests.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case .surrogates: { FuzzTarget.surrogates.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case .notations: { FuzzTarget.notations.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case .screening: { FuzzTarget.screening.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    }
  }
}
