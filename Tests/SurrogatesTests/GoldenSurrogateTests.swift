import Foundation
import GoldenData
import JSONValues
import Losses
import Surrogates
import Testing

/// The six surrogates against the original's values and gradients, by kernels, reference and batch.
@Suite struct GoldenSurrogateTests {
  struct Row {
    let golden: GoldenValue
    let sample: SegmentationSample
    let parameters: SurrogateParameters
    let weight: Double
    var id: String { golden["id"].string ?? "" }
    var gradient: [Double] { numbers("grad") }
    func numbers(_ key: String) -> [Double] { Self.flat(golden[key]) }

    static func flat(_ value: GoldenValue) -> [Double] {
      value.array.map { $0.flatMap(flat) } ?? [value.double ?? .nan]
    }
  }

  static func rows() throws -> [Row] {
    var inputs: [String: SegmentationSample] = [:]
    var rows: [Row] = []
    for row in try GoldenFile("asl.jsonl").rows() {
      switch row["kind"].string {
      case "inputs":
        let sides = Row.flat(row["shape"]).map { Int($0) }
        let shape = try LabelMapShape(images: sides[0], classes: sides[1], height: sides[2], width: sides[3])
        var sample = SegmentationSample(shape, seed: 0)
        sample.logits = Row.flat(row["logits"]).map { Float($0) }
        sample.labels = Row.flat(row["label"]).map { UInt8($0) }
        inputs[row["id"].string ?? ""] = sample
      case "loss":
        let parameters = try SurrogateParameters(
          metric: SegmentationMetric(named: row["metric"].string ?? ""),
          theta: Row.flat(row["theta"]).map { Double(Float($0)) }, tolerance: try #require(row["tol"].int),
          dropsBackground: row["drop_bg"].bool == true)
        rows.append(
          Row(
            golden: row, sample: try #require(inputs[row["inputs"].string ?? ""]), parameters: parameters,
            weight: try #require(row["loss_weight"].double)))
      case _: continue
      }
    }
    return rows
  }

  @Test(arguments: InstructionSet.available) func kernelsAreTheOriginals(level: InstructionSet) throws {
    let rows = try Self.rows()
    #expect(rows.count == 86)
    for row in rows {
      let (value, gradient) = try row.sample.evaluate(row.parameters.makeLoss(instructions: level))
      try expect(row, row.weight * Double(value), gradient.map { row.weight * Double($0) }, "\(level)")
      let alone = try row.sample.value(row.parameters.makeLoss(instructions: level))
      #expect(alone == value || alone.isNaN && value.isNaN, "\(row.id)")
    }
  }

  @Test func theReferenceIsTheOriginal() throws {
    for row in try Self.rows() {
      let (value, gradient) = SurrogateReference(row.parameters).evaluate(
        logits: row.sample.logits.map { Double($0) }, labels: row.sample.labels, shape: row.sample.shape)
      try expect(row, row.weight * value, gradient.map { row.weight * $0 }, "reference")
      guard value.isFinite else { continue }
      let exact = try #require(row.golden["value64"].double)
      #expect(abs(row.weight * value - exact) <= 1e-8, "\(row.id): \(row.weight * value) and \(exact)")
      guard !row.golden["grad64"].isNull else { continue }
      let largest = try #require(row.golden["grad_maxabs"].double)
      for (found, wanted) in zip(gradient, row.numbers("grad64")) {
        #expect(abs(row.weight * found - wanted) <= 1e-7 * largest, "\(row.id)")
      }
    }
  }

  /// The tolerances of the golden README: value 1e-5; gradient 5 · grad_maxdiff_32_64 + 2e-6 · grad_maxabs.
  private func expect(_ row: Row, _ value: Double, _ gradient: [Double], _ by: String) throws {
    let wanted = try #require(row.golden["value"].double)
    #expect(value.isNaN == wanted.isNaN && !(abs(value - wanted) > 1e-5), "\(row.id) by \(by): \(value), \(wanted)")
    let difference = try #require(row.golden["grad_maxdiff_32_64"].double)
    let largest = try #require(row.golden["grad_maxabs"].double)
    #expect(gradient.count == row.gradient.count)
    let worst = zip(gradient, row.gradient).reduce(0) { max($0, abs($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) }
    #expect(worst <= 5 * difference + 2e-6 * largest, "\(row.id) by \(by): \(worst)")
  }

  @Test func aBatchAnswersTheGoldenFile() throws {
    let text = try Data(contentsOf: GoldenFile("asl.jsonl").url)
    var answers: [SurrogateBatch.Answer] = []
    var batch = SurrogateBatch()
    text.withUnsafeBytes { bytes in batch.answer(lines: bytes) { answers.append($0) } }
    let rows = try Self.rows()
    #expect(answers.count == rows.count)
    for (answer, row) in zip(answers, rows) {
      let json = try GoldenValue(parsing: answer.json)
      #expect(json["id"].string == row.id)
      try expect(row, try #require(json["value"].double), Row.flat(json["grad"]), "batch")
    }
  }
}
