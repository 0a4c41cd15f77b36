import GoldenData
import Proxy
import Randomness
import Testing

/// Scoring of a detector's output: through the resizing and back, in any order.
struct DatasetScoringTests {
  private static let few = SyntheticSettings(trainImages: 30, validationImages: 5, holdOutImages: 5)

  private static func truths(_ dataset: DetectionDataset) -> [[Detection]] {
    dataset.images.map { image in
      image.boxes.indices.map { Detection(box: image.boxes[$0], label: image.labels[$0], score: 0.9) }
    }
  }

  @Test(arguments: [(120, 160), (96, 96), (240, 200), (64, 48)]) func theTruthScoresOne(_ height: Int, _ width: Int) {
    let dataset = SyntheticScenes(settings: Self.few).splits(DataSettings(height: height, width: width)).searchTrain
    let result = COCOEvaluation.evaluate(dataset: dataset, detections: Self.truths(dataset))
    #expect(abs(result.ap - 1) < 1e-12 && abs(result.stats[8] - 1) < 1e-12, "\(result.stats)")
    // A mask read off inside each box on a fine grid is nearly the mask itself.
    let cropper = MaskCropper(side: 56)
    var masked = Self.truths(dataset)
    for (index, image) in dataset.images.enumerated() {
      for (object, mask) in image.originalMasks.enumerated() {
        guard let mask else { continue }
        let box = image.originalBoxes[object]
        let corners = BoundingBox(
          x1: Float(box.x), y1: Float(box.y), x2: Float(box.x + box.width), y2: Float(box.y + box.height))
        let pixels = cropper.targets(of: mask, boxes: [(corners, false)])[0]
        masked[index][object].mask = MaskPatch(side: 56, probabilities: pixels.map { $0 ? 1 : 0 })
      }
    }
    let masks = COCOEvaluation.evaluate(dataset: dataset, detections: masked, comparing: .masks)
    #expect(masks.ap > 0.97 && masks.ap75 > 1 - 1e-12, "\(masks.stats)")
    #expect(COCOEvaluation.evaluate(dataset: dataset, detections: Self.truths(dataset), comparing: .masks).ap == 0)
    #expect(result.perClass.map(\.category.name) == dataset.classes)
  }

  @Test(arguments: 1...10) func noiseLowersTheScore(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let dataset = SyntheticScenes(settings: Self.few).splits().searchTrain
    func shifted(_ most: Double) -> COCOResult {
      var noisy = Self.truths(dataset)
      for image in noisy.indices {
        for index in noisy[image].indices {
          let shift = Float(generator.uniform(-most, most)) * noisy[image][index].box.width
          noisy[image][index].box.x1 += shift
          noisy[image][index].box.x2 += shift
          noisy[image][index].score = Float(generator.uniform())
        }
      }
      return COCOEvaluation.evaluate(dataset: dataset, detections: noisy)
    }
    let (near, far) = (shifted(0.2), shifted(0.6))
    #expect(1 > near.ap && near.ap > far.ap, "seed \(seed): \(near.ap), \(far.ap)")
    #expect(near.ap50 > 0.99 && near.ap50 > near.ap75, "seed \(seed): \(near.stats)")
  }

  @Test func whatIsNoDetectionDoesNotCount() {
    let dataset = SyntheticScenes(settings: Self.few).splits().searchTrain
    var detections = Self.truths(dataset)
    let box = BoundingBox(x1: 0, y1: 0, x2: 9, y2: 9)
    for image in detections.indices {
      detections[image].append(Detection(box: box, label: 0, score: .nan))
      detections[image].append(Detection(box: box, label: 99, score: 1))
    }
    #expect(abs(COCOEvaluation.evaluate(dataset: dataset, detections: detections).ap - 1) < 1e-12)
    let nothing = COCOEvaluation.evaluate(dataset: dataset, detections: [])
    #expect(nothing.ap == 0 && nothing.ap50 == 0)
  }

  @Test(.enabled(if: realDataFolder("coco-ccby") != nil, "the data set coco-ccby is not here; set AUTOLOSS_TEST_DATA"))
  func realCrowdsSwallowDetections() throws {
    let folder = try #require(realDataFolder("coco-ccby"))
    let instances = try COCOInstances(contentsOf: folder.appendingPathComponent("annotations/instances_val.json"))
    let truth = instances.groundTruth
    #expect(truth.boxes.count == 391 && instances.problems.isEmpty)
    // The crowds too are reported: they match themselves and therefore cost nothing.
    let detections = truth.boxes.map {
      ScoredBox(imageID: $0.imageID, categoryID: $0.categoryID, box: $0.box, score: $0.isCrowd ? 0.9 : 0.5)
    }
    #expect(abs(COCOEvaluation.evaluate(groundTruth: truth, detections: detections).ap - 1) < 1e-12)
  }
}
