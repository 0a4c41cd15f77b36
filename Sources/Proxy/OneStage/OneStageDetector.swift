import Foundation
import Losses
import Networks

/// FCOS or ATSS of fixed batch and input size: pixels → feature pyramid → class logits, box and centerness of every place.
final class OneStageDetector: Detector {
  let shape: DetectorShape
  let network: Network
  private let pyramid: FeaturePyramid
  private let outputs: [DenseOutputs]
  private let assignment: DenseAssignment
  private let averaging: DenseHeadLoss.Averaging
  private let results: ResultSelection
  private var loss: DenseHeadLoss?
  /// The outputs with the targets of the step under way.
  private var levels: [(outputs: DenseOutputs, targets: DenseTargets)]

  /// Builds the layers; start weights are those of `seed`.
  init(_ shape: DetectorShape, assignment rule: DenseAssignment.Rule, seed: UInt64) throws(DetectorError) {
    self.shape = shape
    let settings = shape.settings
    try settings.validate()
    do {
      let builder = NetworkBuilder(batch: shape.batch)
      pyramid = try FeaturePyramid(settings.backbone, height: shape.height, width: shape.width, in: builder)
      let head = try DenseHead(
        settings.oneStage, levels: pyramid.levels, classes: shape.classes, groups: settings.backbone.groups,
        in: builder)
      network = try builder.build(seed: seed)
      outputs = head.outputs
      levels = head.outputs.map { ($0, DenseTargets(labels: [], positives: [])) }
    } catch {
      throw .network(String(describing: error))
    }
    assignment = DenseAssignment(
      settings.oneStage, rule: rule, strides: settings.backbone.strides,
      cells: pyramid.levels.map { ($0.shape.height, $0.shape.width) })
    averaging =
      switch rule {
      case .points: .positivesAndImages
      case .adaptive: .positives
      }
    var selection = settings.results
    selection.suppressionThreshold = settings.oneStage.suppressionThreshold
    results = ResultSelection(settings: selection, classes: shape.classes)
  }

  func load(_ images: [InputImage]) { pyramid.load(images) }

  func use(_ losses: DetectionLosses) throws(DetectorError) {
    loss = try DenseHeadLoss(
      losses, averaging: averaging, collapsesBoxWeights: shape.settings.oneStage.collapsesBoxWeights)
  }

  func accumulateGradients(_ images: [InputImage], seed: UInt64, step: Int) throws(DetectorError) -> LossSummary {
    guard let loss else { throw .loss(place: "classification", problem: "none was set") }
    load(images)
    try run { () throws(NetworkError) in try network.forward(training: true) }
    assign(images)
    let found = try loss.evaluate(levels, images: images.count)
    network.parameters.zeroGradients()
    try run { () throws(NetworkError) in try network.backward() }
    return LossSummary(classification: found.classification, boxes: found.boxes, centerness: found.centerness)
  }

  /// Sets the batch's targets; their memory stays from step to step.
  private func assign(_ images: [InputImage]) {
    for level in levels.indices { levels[level].targets.removeAll() }
    for image in images {
      assignment.assign(image.boxes, ignored: image.ignored)
      for level in levels.indices { add(image, level: level) }
    }
  }

  /// Adds what the places of one level show of the image assigned last.
  private func add(_ image: InputImage, level: Int) {
    let start = levels[level].targets.labels.count
    for (place, object) in assignment.objects[level].enumerated() {
      levels[level].targets.labels.append(object >= 0 ? Int32(image.labels[Int(object)]) : -1)
      guard object >= 0 else { continue }
      levels[level].targets.positives.append(
        .init(row: start + place, coding: assignment.codings[level][place], target: image.boxes[Int(object)]))
    }
    guard !assignment.ignored[level].isEmpty else { return }
    while levels[level].targets.weights.count < outputs[level].rows { levels[level].targets.weights.append(1) }
    for place in assignment.ignored[level] { levels[level].targets.weights[start + place] = 0 }
  }

  func detect(_ images: [InputImage]) throws(DetectorError) -> [[Detection]] {
    load(images)
    try run { () throws(NetworkError) in try network.forward(training: false) }
    return images.indices.map { image in
      var candidates = ResultSelection.Candidates()
      for (outputs, codings) in zip(outputs, assignment.codings) {
        for (place, coding) in codings.enumerated() {
          results.add(
            coding, outputs, row: image * codings.count + place, area: images[image].area, to: &candidates)
        }
      }
      return results.detections(candidates)
    }
  }
}

extension ResultSelection {
  /// Adds what one place shows: classes above the threshold, with probability times centerness as their score.
  func add(
    _ coding: BoxCoding, _ outputs: DenseOutputs, row: Int, area: ImageArea, to candidates: inout Candidates
  ) {
    // A sigmoid is above the threshold where the logit is above its log odds.
    let least = logf(settings.scoreThreshold / (1 - settings.scoreThreshold))
    for label in 0..<classes {
      let logit = outputs.logits[row * classes + label]
      guard logit > least else { continue }
      let centerness = 1 / (1 + expf(-outputs.centerness[row]))
      candidates.boxes.append(coding.decode(outputs.numbers(row: row), clippedTo: area))
      candidates.scores.append(centerness / (1 + expf(-logit)))
      candidates.labels.append(label)
    }
  }
}
