import ArgumentParser
import Foundation
import Proxy
import Reporting

/// COCO AP of a results file.
struct CocoEvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coco-eval", abstract: "Scores a COCO results file: the 12 numbers of pycocotools and AP by class.",
    discussion: """
      EXAMPLE: autoloss coco-eval --gt instances_val.json --dt detections.json
      EXAMPLE: autoloss coco-eval --gt instances_val.json --dt masks.json --iou-type segm

      With segm, every annotation and every detection needs a segmentation: polygons, or \
      run lengths {size: [height, width], counts} as a list or as COCO's text.
      """)

  @Option(help: "Ground truth: COCO instances JSON.")
  var gt: String
  @Option(help: "Detections: COCO results JSON, an array of {image_id, category_id, bbox or segmentation, score}.")
  var dt: String
  @Option(help: "What is compared: boxes (bbox) or masks (segm).")
  var iouType = OverlapKind.boxes
  @OptionGroup var output: OutputOptions

  func run() throws {
    let instances = try COCOInstances(
      contentsOf: URL(fileURLWithPath: gt), name: gt, masks: iouType == .masks ? .required : .passedOver)
    let truth = instances.groundTruth
    let results = try COCOResultsFile(
      contentsOf: URL(fileURLWithPath: dt), groundTruth: truth, comparing: iouType, name: dt)
    for problem in (instances.problems + results.problems).prefix(20) { Console.error("warning: \(problem)") }
    let result = COCOEvaluation.evaluate(groundTruth: truth, detections: results.detections, comparing: iouType)
    if output.json {
      Console.print([
        "stats": .array(result.stats.map { .double($0) }),
        "per_class_ap": .object(result.perClass.map { .init($0.category.name, .double($0.ap)) }),
      ])
    } else {
      show(result)
    }
  }

  private func show(_ result: COCOResult) {
    var table = TextTable([.init("metric"), .init("value", .right)])
    for (name, value) in zip(COCOResult.statNames, result.stats) { table.add(name, Self.text(value)) }
    Console.print(table.description)
    var classes = TextTable([.init("class"), .init("AP", .right), .init("AP50", .right), .init("AP75", .right)])
    for row in result.perClass {
      classes.add(row.category.name, Self.text(row.ap), Self.text(row.ap50), Self.text(row.ap75))
    }
    Console.print("\n" + classes.description)
  }

  /// COCO says −1 where there is no object to find.
  private static func text(_ value: Double) -> String { value < 0 ? "–" : String(format: "%.4f", value) }
}

extension OverlapKind: ExpressibleByArgument {}
