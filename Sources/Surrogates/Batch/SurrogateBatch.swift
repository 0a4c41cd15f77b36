import JSONValues
import Losses

/// `surrogate eval --batch`: rows of kind `inputs` are kept, rows of kind `loss` are answered, others passed over.
public struct SurrogateBatch {
  /// The answer to one row, or why there is none.
  public struct Answer: Sendable {
    /// The number of the line in the text, from 1; blank lines count.
    public let line: Int
    /// What the row calls itself; null where it has no name.
    public let id: JSONValue
    public let result: Result<Numbers, SurrogateRowFailure>
  }

  /// Value and gradient of a row.
  public struct Numbers: Sendable {
    public let metric: SegmentationMetric
    public let value: Float
    /// With respect to the logits, images × classes × height × width.
    public let gradient: [Float]
    public let shape: LabelMapShape
  }

  private var inputs: [JSONValue: SurrogateInputs] = [:]

  public init() {}

  /// The longest line that is read, in bytes: 64 MiB, some million logits.
  public static let maximumLineLength = EvaluationRequest.maximumLineLength

  /// Gives the answers of a text of JSON Lines to `body`, in order; rows that are no use fail, rows of kind `inputs` that are
  /// sound and rows of other kinds have none.
  public mutating func answer(lines bytes: UnsafeRawBufferPointer, _ body: (Answer) throws -> Void) rethrows {
    var rest = bytes[...]
    var line = 0
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      let text = rest[..<end]
      rest = rest[min(end + 1, rest.endIndex)...]
      line += 1
      if text.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { continue }
      if let answer = answer(text, line: line) { try body(answer) }
    }
  }

  /// Nil for rows that have none.
  private mutating func answer(_ text: UnsafeRawBufferPointer.SubSequence, line: Int) -> Answer? {
    var id = JSONValue.null
    do throws(SurrogateRowFailure) {
      let row = try Self.row(text)
      id = row["id"]
      return try answer(row).map { Answer(line: line, id: id, result: .success($0)) }
    } catch {
      return Answer(line: line, id: id, result: .failure(error))
    }
  }

  private static func row(_ text: UnsafeRawBufferPointer.SubSequence) throws(SurrogateRowFailure) -> JSONValue {
    guard text.count <= maximumLineLength else {
      throw SurrogateRowFailure(
        .badJSON, key: nil,
        "this line has \(text.count) bytes, more than \(maximumLineLength): write several shorter ones")
    }
    let row: JSONValue
    do throws(JSONError) {
      row = try JSONValue(parsing: Array(text))
    } catch {
      throw SurrogateRowFailure(.badJSON, key: nil, "this line is no JSON (column \(error.column): \(error.reason))")
    }
    guard case .object = row else {
      throw SurrogateRowFailure(.badJSON, key: nil, "this line is \(row.kind) and no JSON object")
    }
    return row
  }

  private mutating func answer(_ row: JSONValue) throws(SurrogateRowFailure) -> Numbers? {
    guard let kind = row["kind"].string else {
      throw SurrogateRowFailure(.badKey, key: "kind", "kind is \(row["kind"].kind): write \"inputs\" or \"loss\"")
    }
    switch kind {
    case "inputs":
      guard !row["id"].isNull else {
        throw SurrogateRowFailure(.badKey, key: "id", "id is missing: rows of kind loss name their inputs by it")
      }
      inputs[row["id"]] = try SurrogateInputs(row)
      return nil
    case "loss": return try evaluate(SurrogateLossRow(row))
    case _: return nil
    }
  }

  private func evaluate(_ row: SurrogateLossRow) throws(SurrogateRowFailure) -> Numbers {
    guard let inputs = inputs[row.inputs] else {
      throw SurrogateRowFailure(
        .unknownInputs, key: "inputs",
        "inputs is \(row.inputs): no row of kind inputs before this one has that id and sound numbers")
    }
    if let classes = row.classes, classes != inputs.shape.classes {
      throw SurrogateRowFailure(
        .wrongSize, key: "num_class", "num_class is \(classes), the logits have \(inputs.shape.classes) classes")
    }
    var gradient = [Float](repeating: 0, count: inputs.shape.logitCount)
    let loss = row.parameters.makeLoss()
    let value: Float
    do {
      value = try loss.evaluate(
        logits: inputs.logits, labels: inputs.labels, shape: inputs.shape, gradient: &gradient)
    } catch {
      throw SurrogateRowFailure(.wrongSize, key: "inputs", "\(error)")
    }
    return Numbers(
      metric: row.parameters.metric, value: row.lossWeight * value, gradient: gradient.map { row.lossWeight * $0 },
      shape: inputs.shape)
  }
}

extension SurrogateBatch.Answer {
  /// `{"id","line","value","grad"}` or `{"id","line","error":{"code","message","key"}}` on one line.
  public var json: String {
    let head = "{\"id\":\(id),\"line\":\(line),"
    switch result {
    case .success(let numbers):
      let shape = numbers.shape
      let gradient = JSONText.nested(
        numbers.gradient, shape: [shape.images, shape.classes, shape.height, shape.width])
      return head + "\"value\":\(JSONText.number(numbers.value)),\"grad\":\(gradient)}"
    case .failure(let failure): return head + "\"error\":\(failure.json)}"
    }
  }
}
