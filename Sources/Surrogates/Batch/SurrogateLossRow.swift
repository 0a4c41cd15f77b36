import JSONValues
import Losses

/// A row of kind `loss`: a surrogate and the inputs it is evaluated on.
struct SurrogateLossRow {
  let inputs: JSONValue
  let parameters: SurrogateParameters
  let lossWeight: Float
  /// Nil where the row does not say.
  let classes: Int?

  /// The keys that are read, and those that rows with recorded answers have beside them.
  private static let keys =
    ["kind", "id", "line", "inputs", "metric", "theta", "parameterization", "tol", "drop_bg", "loss_weight"]
    + ["num_class", "eps", "theta_name", "inplace", "value", "value64", "grad", "grad64", "grad_maxabs"]
    + ["grad_maxdiff_32_64", "grad_nonfinite"]
  /// What loss cards call the same.
  private static let otherNames = ["tolerance": "tol", "drop_background": "drop_bg"]

  /// Numbers are read as Float first, as those of the original are.
  /// - Throws: `SurrogateRowFailure` at the first key that cannot be used.
  init(_ row: JSONValue) throws(SurrogateRowFailure) {
    try SurrogateRowFailure.checkKeys(of: row, known: Self.keys, called: Self.otherNames)
    inputs = row["inputs"]
    guard let metric = row["metric"].string else {
      throw SurrogateRowFailure(.unknownMetric, key: "metric", Self.finding("metric", row, "the name of a metric"))
    }
    let theta = try NestedNumbers(row["theta"], key: "theta", axes: ["control points"])
    let tolerance = try Self.integer("tol", in: row) ?? 5
    let dropsBackground = row["drop_bg"].bool ?? false
    guard row["drop_bg"].isNull || row["drop_bg"].bool != nil else {
      throw SurrogateRowFailure(.badKey, key: "drop_bg", Self.finding("drop_bg", row, "true or false"))
    }
    do throws(SegmentationLossError) {
      parameters = try SurrogateParameters(
        metric: SegmentationMetric(named: metric),
        parameterization: SurrogateParameterization(
          named: row["parameterization"].string ?? SurrogateParameterization.bezier.rawValue),
        theta: theta.numbers.map { Double(Float($0)) }, tolerance: tolerance, dropsBackground: dropsBackground)
    } catch {
      throw SurrogateRowFailure(error)
    }
    let weight = try Self.number("loss_weight", in: row) ?? 1
    guard Float(weight).isFinite else {
      throw SurrogateRowFailure(.badKey, key: "loss_weight", "loss_weight is \(weight): that is too large for a Float")
    }
    lossWeight = Float(weight)
    classes = try Self.integer("num_class", in: row)
    let epsilon = try Self.number("eps", in: row) ?? SurrogateParameters.epsilon
    guard epsilon == SurrogateParameters.epsilon else {
      throw SurrogateRowFailure(
        .badKey, key: "eps", "eps is \(epsilon): it is \(SurrogateParameters.epsilon) here; leave it out")
    }
  }

  private static func number(_ key: String, in row: JSONValue) throws(SurrogateRowFailure) -> Double? {
    if row[key].isNull { return nil }
    guard let number = row[key].number, number.isFinite else {
      throw SurrogateRowFailure(.badKey, key: key, finding(key, row, "a number"))
    }
    return number
  }

  private static func integer(_ key: String, in row: JSONValue) throws(SurrogateRowFailure) -> Int? {
    guard let number = try number(key, in: row) else { return nil }
    guard let integer = Int(exactly: number) else {
      throw SurrogateRowFailure(.badKey, key: key, finding(key, row, "a whole number"))
    }
    return integer
  }

  private static func finding(_ key: String, _ row: JSONValue, _ wanted: String) -> String {
    row[key].isNull ? "\(key) is missing: give \(wanted)" : "\(key) is \(row[key].kind): give \(wanted)"
  }
}
