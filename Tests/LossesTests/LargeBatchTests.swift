import Formulas
import Losses
import Randomness
import Testing

/// Results of large batches leave past the caches; they are those of small ones.
@Suite struct LargeBatchTests {
  /// 4 results of 600,013 boxes are above the 8 MiB from which they are streamed.
  static let rows = 600_013
  static let formula = "Neg(Div(Add(I,Div(U,E)),Add(Mul(E,0.5),U)))"

  /// - Parameter offset: places of the results behind a multiple of 64 bytes, in numbers: whole vectors, quarters of them, and
  ///   places that cannot be streamed to.
  @Test(arguments: InstructionSet.available, [0, 4, 1])
  func aLargeBatchGivesWhatItsPartsGive(set: InstructionSet, offset: Int) throws {
    let program = try Program(
      Formula(parsing: Self.formula, mode: .regression), mode: .regression, instructionSet: set)
    var generator = SeededGenerator(seed: 11)
    let inputs: [[Float]] = (0..<3).map { k in
      (0..<Self.rows).map { _ in Float(k + 1) + Float.random(in: 0..<1, using: &generator) }
    }
    let whole = results(program, inputs, from: 0, count: Self.rows, offset: offset)
    var start = 0
    while start < Self.rows {
      let count = min(70_000, Self.rows - start)
      let part = results(program, inputs, from: start, count: count, offset: offset)
      for k in part.indices {
        #expect(
          part[k].elementsEqual(whole[k][start..<(start + count)]), "seed 11, result \(k) of rows \(start) on, \(set)")
      }
      start += count
    }
    #expect(whole.allSatisfy { $0.contains { $0 != 0 } })
  }

  /// Value and gradients of some rows, written at an offset.
  private func results(_ program: Program, _ inputs: [[Float]], from start: Int, count: Int, offset: Int) -> [[Float]] {
    let room = UnsafeMutableRawPointer.allocate(byteCount: 4 * 4 * (count + 64), alignment: 64)
      .bindMemory(to: Float.self, capacity: 4 * (count + 64))
    defer { room.deallocate() }
    let places = (0..<4).map { room + $0 * ((count + 63) / 16 * 16) + offset }
    return inputs[0].withUnsafeBufferPointer { u in
      inputs[1].withUnsafeBufferPointer { i in
        inputs[2].withUnsafeBufferPointer { e in
          var given = InputPointers()
          given[.u] = u.baseAddress.map { $0 + start }
          given[.i] = i.baseAddress.map { $0 + start }
          given[.e] = e.baseAddress.map { $0 + start }
          var gradients = GradientPointers()
          (gradients[.u], gradients[.i], gradients[.e]) = (places[1], places[2], places[3])
          program.evaluate(inputs: given, rows: count, classes: 1, value: places[0], gradients: gradients)
          return places.map { Array(UnsafeBufferPointer(start: $0, count: count)) }
        }
      }
    }
  }
}
