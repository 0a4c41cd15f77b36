import Formulas
import Losses
import Testing

#if canImport(AllocationCounting)
  import AllocationCounting
#endif

/// A warm program allocates nothing.
@Suite struct AllocationTests {
  static let rows: [(text: String, mode: Mode)] = [
    ("Neg(Dot(Mul(Y,Add(1,Sin(Z))),Log(Softmax(X))))", .multiClass),
    ("Dot(Dot(X,Y),2)", .multiClass),
    ("Mul(Sub(Sgdf(X),Q),Softplus(X))", .binaryClass),
    ("Sub(Add(1,Div(Sub(E,U),E)),Div(I,U))", .regression),
  ]

  #if canImport(AllocationCounting)
    @Test(
      .enabled(if: allocation_counting_works(), "counting allocations needs glibc and no sanitizer"), arguments: rows)
    func aWarmProgramAllocatesNothing(text: String, mode: Mode) throws {
      let program = try Program(Formula(parsing: text, mode: mode), mode: mode)
      let arrays = ProgramArrays(mode: mode, rows: 1003, classes: 7)
      // Every kind of request, then smaller batches of each kind.
      func evaluateAll(rows: Int) {
        for request in ProgramArrays.Request.allCases { arrays.evaluate(program, request, rows: rows) }
      }
      evaluateAll(rows: 1003)
      let before = allocation_count()
      for rows in [1003, 1000, 16, 1, 0] { evaluateAll(rows: rows) }
      #expect(allocation_count() == before, "\(text)")
    }

    @Test(.enabled(if: allocation_counting_works())) func anArrayIsCounted() {
      let before = allocation_count()
      let array = [Float](repeating: 1, count: Int.random(in: 100...200))
      #expect(allocation_count() > before, "\(array.count)")
    }
  #endif
}
