import JSONValues
import Losses

/// Logits and labels of a row of kind `inputs`.
struct SurrogateInputs {
  let shape: LabelMapShape
  /// Images × classes × height × width.
  let logits: [Float]
  /// Images × height × width; 255 is ignored.
  let labels: [UInt8]

  /// The keys that are read, and those that rows of recorded inputs have beside them.
  private static let keys = ["kind", "id", "line", "logits", "label", "variant", "shape"]

  /// The label of pixels that count nowhere.
  static let ignored = 255.0

  /// - Throws: `SurrogateRowFailure` at the key `logits` or `label`.
  init(_ row: JSONValue) throws(SurrogateRowFailure) {
    try SurrogateRowFailure.checkKeys(of: row, known: Self.keys)
    let logits = try NestedNumbers(row["logits"], key: "logits", axes: ["images", "classes", "rows", "columns"])
    let labels = try NestedNumbers(row["label"], key: "label", axes: ["images", "rows", "columns"])
    let (sides, mapSides) = (logits.shape, labels.shape)
    guard mapSides == [sides[0], sides[2], sides[3]] else {
      throw SurrogateRowFailure(
        .wrongSize, key: "label",
        "label is \(Self.text(mapSides)) (images × rows × columns), logits are \(Self.text(sides)) (images × classes × rows "
          + "× columns): give every pixel one label")
    }
    do throws(SegmentationLossError) {
      shape = try LabelMapShape(images: sides[0], classes: sides[1], height: sides[2], width: sides[3])
    } catch {
      throw SurrogateRowFailure(error)
    }
    for (index, label) in labels.numbers.enumerated() where label != Self.ignored {
      if label >= 0, label < Double(shape.classes), label == label.rounded() { continue }
      let (image, pixel) = index.quotientAndRemainder(dividingBy: shape.pixels)
      let place = "label[\(image)][\(pixel / shape.width)][\(pixel % shape.width)]"
      let found = Int(exactly: label)?.description ?? JSONText.number(label)
      throw SurrogateRowFailure(
        .labelOutside, key: "label",
        "\(place) is \(found): a label is 0 ... \(shape.classes - 1), or 255 to be ignored")
    }
    self.logits = logits.numbers.map { Float($0) }
    if let index = self.logits.firstIndex(where: { !$0.isFinite }) {
      let (row, column) = (index / shape.width % shape.height, index % shape.width)
      let (image, label) = (index / (shape.pixels * shape.classes), index / shape.pixels % shape.classes)
      throw SurrogateRowFailure(
        .notFinite, key: "logits",
        "logits[\(image)][\(label)][\(row)][\(column)] is \(logits.numbers[index]): give finite numbers "
          + "that a Float holds")
    }
    self.labels = labels.numbers.map { UInt8($0) }
  }

  private static func text(_ sides: [Int]) -> String { sides.map(String.init).joined(separator: " × ") }
}
