import Foundation
import Proxy
import Reporting

/// What `train --figures` draws of one seed: precision over recall by class, and examples of detections.
public struct TrainingFigures {
  /// Classes and example pictures that are drawn at most.
  public static let mostPanels = 12
  public static let mostExamples = 8
  /// Detections below this score are left out of the examples.
  public static let leastScore: Float = 0.3

  /// Such as "faster-rcnn on bccd (search-val)".
  public let title: String
  public let data: DetectionDataset
  public let result: SeedResult

  public init(title: String, data: DetectionDataset, result: SeedResult) {
    (self.title, self.data, self.result) = (title, data, result)
  }

  /// Writes `seed-N-precision-recall.svg`, the same of masks where there are some (`…-masks.svg`) and
  /// `seed-N-example-K.png`, and gives their paths; none after divergence.
  ///
  /// - Throws: `FigureError`.
  public func write(to folder: URL) throws -> [String] {
    guard let evaluation = result.evaluation else { return [] }
    var paths: [String] = []
    for (found, ending) in [(evaluation, ""), (result.maskEvaluation, "-masks")] {
      guard let found else { continue }
      let path = folder.appendingPathComponent("seed-\(result.seed)-precision-recall\(ending).svg").path
      try FigureFile.write(precisionRecall(found, of: ending.isEmpty ? "boxes" : "masks"), to: path)
      paths.append(path)
    }
    for (number, index) in examples.enumerated() {
      let path = folder.appendingPathComponent("seed-\(result.seed)-example-\(number + 1).png").path
      try example(index).write(to: path)
      paths.append(path)
    }
    return paths
  }

  /// A panel for each class that has objects, with the envelopes at three overlaps.
  func precisionRecall(_ evaluation: COCOResult, of compared: String) -> Figure {
    let classes = evaluation.perClass.filter { !$0.precision.isEmpty }
    let overlaps: [(index: Int, colour: Colour, stroke: Figure.Stroke)] = [
      (0, .blue, .solid), (5, .vermilion, .solid), (8, .grey, .dashed),
    ]
    let panels = classes.prefix(Self.mostPanels).map { found in
      Figure.Panel(
        title: found.category.name + String(format: ": AP %.3f, AP50 %.3f", found.ap, found.ap50),
        x: Figure.Axis("recall", range: 0...1), y: Figure.Axis("precision", range: 0...1),
        series: overlaps.map { overlap in
          Figure.Series(
            String(format: "IoU %.2f", COCOResult.iouThresholds[overlap.index]),
            points: zip(COCOResult.recallThresholds, found.precision[overlap.index]).map { .init(x: $0, y: $1) },
            colour: overlap.colour, stroke: overlap.stroke)
        })
    }
    var notes = [
      "seed \(result.seed): "
        + String(format: "AP %.3f, AP50 %.3f, AP75 %.3f", evaluation.ap, evaluation.ap50, evaluation.ap75)
    ]
    if classes.count > panels.count { notes.append("the first \(panels.count) of \(classes.count) classes") }
    return Figure(title: "Precision over recall of \(compared), \(title)", notes: notes, panels: panels, columns: 3)
  }

  /// The first images with something to find.
  private var examples: ArraySlice<Int> {
    data.images.indices.filter { !data.images[$0].boxes.isEmpty && result.detections.indices.contains($0) }
      .prefix(Self.mostExamples)
  }

  /// The input of the detector, enlarged: ground truth dashed, detections with class and score, and tinted where they have
  /// a mask.
  private func example(_ index: Int) -> MarkedPicture {
    let image = data.images[index]
    let truths = zip(image.boxes, image.labels).map { box, label in
      Self.mark(box, label: nil, colour: Colour.ofSeries(label), stroke: .dashed)
    }
    let found = result.detections[index].filter { $0.score >= Self.leastScore }.reversed().map { detection in
      Self.mark(
        detection.box, label: data.classes[detection.label] + String(format: " %.2f", detection.score),
        colour: Colour.ofSeries(detection.label), stroke: .solid)
    }
    var picture = MarkedPicture(
      width: image.width, height: image.height, pixels: image.pixels.bytes, marks: truths + found,
      magnification: max(1, min(8, 640 / max(image.width, 1))))
    for detection in result.detections[index] where detection.score >= Self.leastScore {
      let box = detection.box
      let place = AnnotatedBox(
        x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height))
      guard let mask = detection.mask?.mask(in: place, width: image.width, height: image.height) else { continue }
      picture.tint(mask.bitmap(), with: .ofSeries(detection.label))
    }
    return picture
  }

  private static func mark(
    _ box: BoundingBox, label: String?, colour: Colour, stroke: Figure.Stroke
  ) -> MarkedPicture.Mark {
    MarkedPicture.Mark(
      x: Double(box.x1), y: Double(box.y1), width: Double(box.x2 - box.x1), height: Double(box.y2 - box.y1),
      label: label, colour: colour, stroke: stroke)
  }
}
