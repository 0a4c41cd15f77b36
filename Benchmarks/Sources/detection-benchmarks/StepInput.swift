import Foundation
import Losses
import Proxy
import Serving

/// A detector and a batch as `compare` writes them to a file for both programs; the keys are those of `peers/detectors.py` in camel case.
struct StepInput: Decodable {
  /// The shape of the detector.
  struct Settings: Decodable {
    let kind: DetectorKind
    let batch, height, width, classes, stem, blocks, pyramid, groups, headGroups, tower, convolutions: Int
    let stages: [Int]
    let distanceLimit: Float
    let proposalChannels, cells, samples, hidden, regions, kept: Int?
  }

  /// A box of an image with its class.
  struct Object: Decodable {
    let box: [Float]
    let label: Int
  }

  let settings: Settings
  let images: [[Object]]
  /// The stream of `words` that the pixels come from.
  let pixels: String

  init(file: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
  }

  var detector: DetectorSettings {
    let s = settings
    return DetectorSettings(
      kind: s.kind,
      backbone: BackboneSettings(
        stemChannels: s.stem, stageChannels: s.stages, blocksPerStage: s.blocks,
        normalization: s.groups > 0 ? .group : .batch, groups: s.headGroups, pyramidChannels: s.pyramid),
      proposals: ProposalSettings(channels: s.proposalChannels ?? 32, kept: s.kept ?? 64),
      head: BoxHeadSettings(
        cells: s.cells ?? 5, samples: s.samples ?? 2, hidden: s.hidden ?? 128,
        sampling: RandomSampler(count: s.regions ?? 64, positiveShare: 0.25)),
      oneStage: OneStageSettings(
        channels: s.tower, convolutions: s.convolutions, distanceLimit: s.distanceLimit))
  }

  /// Focal loss (cross entropy in two stages) and GIoU.
  func losses() throws -> DetectionLosses {
    let mode = settings.kind.classificationMode
    return DetectionLosses(
      classification: try LossReference.classification(mode == .binaryClass ? "focal" : "cross-entropy", mode: mode),
      regression: try LossReference.regression("giou", mode: mode))
  }

  var batch: [DetectionImage] {
    let (height, width) = (settings.height, settings.width)
    let size = height * width * 3
    let bytes = Self.words(pixels, count: settings.batch * size).map { UInt8($0 >> 56) }
    return images.enumerated().map { index, objects in
      let boxes = objects.map { BoundingBox(x1: $0.box[0], y1: $0.box[1], x2: $0.box[2], y2: $0.box[3]) }
      return DetectionImage(
        id: index, name: "\(index)",
        pixels: RGBImage(width: width, height: height, bytes: Array(bytes[(index * size)..<((index + 1) * size)])),
        placement: ImagePlacement(originalWidth: width, originalHeight: height, height: height, width: width),
        boxes: boxes, labels: objects.map(\.label), isCrowd: boxes.map { _ in false },
        areas: boxes.map { Double($0.area) },
        originalBoxes: boxes.map {
          AnnotatedBox(x: Double($0.x1), y: Double($0.y1), width: Double($0.width), height: Double($0.height))
        })
    }
  }

  /// SplitMix64 from the FNV-1a hash of the name.
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

  /// The start of a parameter, as in `peers/detectors.py`.
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
