import Formulas
import Foundation
import GoldenData
import Losses
import Networks
import Proxy
import Testing

/// A row of Tests/Recorded/training_steps.json: a detector and its batch, made from the same integers as the script's.
struct RecordedTraining {
  let row: GoldenValue
  private var settings: GoldenValue { row["settings"] }

  static func rows() throws -> [RecordedTraining] {
    try (GoldenFile(recorded: "training_steps.json").object()["rows"].array ?? []).map { RecordedTraining(row: $0) }
  }

  var name: String { settings["kind"].string ?? "?" }
  var learningRate: Double { settings["rate"].doubles[0] }

  private func int(_ key: String) -> Int { settings[key].int ?? 0 }

  /// The training with the row's start weights.
  func training(collapsesBoxWeights: Bool = false) throws -> TrainingStep {
    let kind = try #require(DetectorKind(rawValue: name))
    var detector = try detector(kind)
    detector.oneStage.collapsesBoxWeights = collapsesBoxWeights
    let training = try TrainingStep(
      detector, training: TrainingSettings(weightDecay: row["decay"].doubles[0], gradientLimit: 0),
      losses: losses(kind), classes: int("classes"), batch: int("batch"), height: int("height"), width: int("width"))
    training.setWeights(Self.startValue)
    return training
  }

  private func detector(_ kind: DetectorKind) throws -> DetectorSettings {
    let groups = int("groups")
    let every = RandomSampler(count: 4096, positiveShare: 1)
    return DetectorSettings(
      kind: kind,
      backbone: BackboneSettings(
        stemChannels: int("stem"), stageChannels: settings["stages"].integers, blocksPerStage: int("blocks"),
        normalization: groups > 0 ? .group : .batch, groups: int("head_groups"), pyramidChannels: int("pyramid")),
      proposals: ProposalSettings(
        anchorSizes: anchorSizes, channels: max(int("proposal_channels"), 1), sampling: every,
        beforeSuppression: max(int("before"), 1),
        kept: max(int("kept"), 1)),
      head: BoxHeadSettings(
        cells: max(int("cells"), 1), samples: int("samples"), hidden: max(int("hidden"), 1),
        sampling: RandomSampler(count: max(int("regions"), 1), positiveShare: 1)),
      cascade: cascade, mask: mask,
      oneStage: OneStageSettings(
        channels: int("tower"), convolutions: int("convolutions"),
        distanceLimit: settings["distance_limit"].floats[0], anchorScale: settings["anchor_scale"].floats[0]))
  }

  private var anchorSizes: [[Float]] {
    settings["anchor_sizes"].array?.map(\.floats) ?? ProposalSettings().anchorSizes
  }

  private var cascade: CascadeSettings {
    guard settings["positive_from"].array != nil else { return CascadeSettings() }
    return CascadeSettings(
      positiveThresholds: settings["positive_from"].floats, lossWeights: settings["head_weights"].floats,
      deltaScales: settings["delta_scales"].floats)
  }

  private var mask: MaskSettings {
    guard settings["mask_cells"].int != nil else { return MaskSettings() }
    return MaskSettings(
      cells: int("mask_cells"), samples: int("mask_samples"), convolutions: int("mask_convolutions"),
      channels: int("mask_channels"), lossWeight: settings["mask_weight"].floats[0])
  }

  private func losses(_ kind: DetectorKind) throws -> DetectionLosses {
    let mode = kind.classificationMode
    let classes = try Formula(parsing: try #require(settings["classification"].string), mode: mode)
    let boxes = try Formula(parsing: try #require(settings["regression"].string), mode: .regression)
    return DetectionLosses(
      classification: ClassificationLoss(formula: classes, mode: mode, alpha: mode == .binaryClass ? 0.25 : -1),
      regression: BoxLoss(.formula(boxes), weight: mode == .binaryClass ? 1 : 10))
  }

  /// The batch of every step.
  func images() throws -> [DetectionImage] {
    let (height, width) = (int("height"), int("width"))
    let bytes = Self.words(try #require(settings["pixels"].string), count: int("batch") * height * width * 3)
      .map { UInt8($0 >> 56) }
    return (row["images"].array ?? []).enumerated().map { index, objects in
      let objects = objects.array ?? []
      let boxes = objects.map { BoundingBox($0["box"].floats) }
      let size = height * width * 3
      return DetectionImage(
        id: index, name: "\(index)",
        pixels: RGBImage(width: width, height: height, bytes: Array(bytes[(index * size)..<((index + 1) * size)])),
        placement: ImagePlacement(originalWidth: width, originalHeight: height, height: height, width: width),
        boxes: boxes, labels: objects.map { $0["label"].int ?? 0 }, isCrowd: boxes.map { _ in false },
        areas: boxes.map { Double($0.area) },
        originalBoxes: boxes.map {
          AnnotatedBox(x: Double($0.x1), y: Double($0.y1), width: Double($0.width), height: Double($0.height))
        },
        originalMasks: objects.map { object in
          object["mask"].array == nil
            ? nil : InstanceMask(width: width, height: height, counts: object["mask"].integers)
        })
    }
  }

  /// The recorded gradient of every parameter, by name.
  func gradients() throws -> [(name: String, values: [Float])] {
    try (row["parameters"].array ?? []).map { entry in
      let text = try #require(entry["gradient"].string)
      let data = try #require(Data(base64Encoded: text))
      let values = stride(from: 0, to: data.count, by: 4).map { place in
        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[place + $1]) << UInt32(8 * $1) }
        return Float(bitPattern: bits)
      }
      return (try #require(entry["name"].string), values)
    }
  }

  /// SplitMix64 from the FNV-1a hash of the name, as in Benchmarks/peers/detectors.py.
  static func words(_ name: String, count: Int) -> [UInt64] {
    var state = name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    return (0..<count).map { _ in
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }

  static func startValue(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    let uniform = words(name, count: count).map { Double($0 >> 40) / 8_388_608 - 1 }
    if shape.count > 1 {
      let bound = (3 / (Double(count) / Double(shape[0]))).squareRoot()
      return uniform.map { Float($0 * bound) }
    }
    return uniform.map { Float(name.hasSuffix(".norm.weight") ? 1 + 0.2 * $0 : 0.1 * $0) }
  }
}

extension BoundingBox {
  /// x1, y1, x2, y2.
  init(_ corners: [Float]) { self.init(x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3]) }
}
