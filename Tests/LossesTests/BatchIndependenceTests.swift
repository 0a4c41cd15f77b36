import Formulas
import Losses
import Testing

/// What a program computes for a row depends on nothing but the row: the same bits in any batch, at any place, for any
/// request, on aligned and unaligned arrays.
@Suite struct BatchIndependenceTests {
  /// Batches around the sizes of vectors and tiles of every instruction set.
  static let batches = [1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 1023]
  static let rows = 1030

  @Test(arguments: InstructionSet.available) func rowsDoNotSeeTheirNeighbours(set: InstructionSet) throws {
    var compared = 0
    for mode in Mode.allCases {
      for seed in UInt64(0)..<60 {
        var random = RandomFormulas(seed: 5000 + seed)
        let formula = random.formula(mode, depth: 4)
        let program = try Program(formula, mode: mode, instructionSet: set)
        guard !program.couplesSamples, program.shape != .one else { continue }
        let classes = [1, 2, 3, 5, 8, 16, 17, 21, 40, 81][Int(seed) % 10]
        let label = "seed \(5000 + seed) \(mode) \(formula) \(classes) classes"
        let arrays = ProgramArrays(mode: mode, rows: Self.rows, classes: classes, seed: seed)
        let request = ProgramArrays.Request.allCases[Int(seed / 10) % 5]
        arrays.clear()
        arrays.evaluate(program, request, rows: Self.rows)
        let whole = arrays.bits(program, request, rows: Self.rows)
        for (k, size) in Self.batches.enumerated() {
          let first = (k * 7) % (Self.rows - size + 1)
          let expected = arrays.bits(program, request, first: first, rows: size)
          arrays.clear()
          arrays.evaluate(program, request, first: first, rows: size)
          #expect(
            arrays.bits(program, request, first: first, rows: size) == expected, "\(label), rows \(first)..+\(size)")
          // Nothing was written outside of the batch, and the whole comes back.
          arrays.evaluate(program, request, rows: Self.rows)
          #expect(arrays.bits(program, request, rows: Self.rows) == whole, "\(label)")
          compared += expected.count
        }
      }
    }
    #expect(compared > 100_000)
  }

  /// Value and gradient are the same whether they are asked for together or alone.
  @Test(arguments: InstructionSet.available) func requestsAgree(set: InstructionSet) throws {
    for mode in Mode.allCases {
      for seed in UInt64(0)..<100 {
        var random = RandomFormulas(seed: 7000 + seed)
        let formula = random.formula(mode, depth: 4)
        let program = try Program(formula, mode: mode, instructionSet: set)
        let arrays = ProgramArrays(mode: mode, rows: 37, classes: 5, seed: seed)
        func bits(_ request: ProgramArrays.Request) -> [UInt32] {
          arrays.clear()
          arrays.evaluate(program, request, rows: 37)
          return arrays.bits(program, request, rows: 37)
        }
        let label = "seed \(7000 + seed) \(mode) \(formula)"
        #expect(bits(.value) + bits(.gradient) == bits(.both), "\(label)")
        #expect(bits(.value) + bits(.weightedGradient) == bits(.weightedBoth), "\(label)")
      }
    }
  }

  /// Nothing is written before or behind the results of a batch.
  @Test(arguments: InstructionSet.available) func neighboursAreLeftAlone(set: InstructionSet) throws {
    for (text, mode) in AllocationTests.rows where text != "Dot(Dot(X,Y),2)" {
      let program = try Program(Formula(parsing: text, mode: mode), mode: mode, instructionSet: set)
      for classes in [1, 3, 8, 19] {
        let arrays = ProgramArrays(mode: mode, rows: 300, classes: classes)
        for (first, rows) in [(3, 1), (1, 15), (16, 16), (7, 130), (128, 129), (5, 0)] {
          arrays.clear()
          let before = arrays.bits(program, .both, rows: first)
          let behind = arrays.bits(program, .both, first: first + rows, rows: 300 - first - rows)
          arrays.evaluate(program, .both, first: first, rows: rows)
          let label = "\(text) \(classes) classes, rows \(first)..+\(rows)"
          #expect(arrays.bits(program, .both, rows: first) == before, "\(label)")
          #expect(arrays.bits(program, .both, first: first + rows, rows: 300 - first - rows) == behind, "\(label)")
        }
      }
    }
  }

  @Test func aBatchOfNoRowsHasSumZero() throws {
    for (text, expected) in [("Dot(Dot(X,Y),2)", Float(0)), ("Cos(Dot(Dot(X,Y),2))", 1)] {
      let program = try Program(Formula(parsing: text, mode: .multiClass), mode: .multiClass)
      var inputs = LossInputs<Float>(rows: 0, classes: 3)
      (inputs[.x], inputs[.y]) = ([], [])
      #expect(try program.evaluate(inputs).value == [expected], "\(text)")
    }
  }
}
