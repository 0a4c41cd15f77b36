import Randomness

/// The data set that the program draws itself: textured shapes of seven long-tailed classes on noisy backgrounds with
/// clutter, occlusion, a fourfold range of sizes, and a mask for each instance.
///
/// A scene is decided by `version`, the seed, its split and its number alone; asking for more scenes leaves the earlier
/// ones as they are.
public struct SyntheticScenes: Sendable {
  /// Raise when anything about the drawing changes: scores on different versions do not compare.
  public static let version = 1
  /// Size of the drawn scenes in pixels.
  public static let width = 160
  public static let height = 120

  public let settings: SyntheticSettings

  public init(settings: SyntheticSettings = .standard) {
    self.settings = settings
  }

  /// The three parts at the detector's input size; image ids run on from 1.
  public func splits(_ data: DataSettings = .standard) -> DetectionSplits {
    let train = dataset("train", count: settings.trainImages, firstID: 1, data)
    let validation = dataset("val", count: settings.validationImages, firstID: 1 + settings.trainImages, data)
    let holdOut = dataset(
      "test", count: settings.holdOutImages, firstID: 1 + settings.trainImages + settings.validationImages, data)
    return DetectionSplits(name: "synthetic", searchTrain: train, searchValidation: validation, holdOut: holdOut)
  }

  private func dataset(_ split: String, count: Int, firstID: Int, _ data: DataSettings) -> DetectionDataset {
    DetectionDataset(
      classes: SceneClass.allCases.map(\.name), categoryIDs: SceneClass.allCases.map { $0.rawValue + 1 },
      images: (0..<count).map { image(split: split, number: $0, id: firstID + $0, data) })
  }

  /// The painter of one scene, before its noise is drawn.
  func scene(_ split: String, _ number: Int) -> ScenePainter {
    ScenePainter(
      width: Self.width, height: Self.height,
      generator: SeededGenerator(
        seed: settings.seed, stream: "synthetic.\(Self.version).\(split)", index: UInt64(number)))
  }

  static func name(_ split: String, _ number: Int) -> String {
    let digits = String(number)
    return "\(split)-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits).png"
  }

  private func image(split: String, number: Int, id: Int, _ data: DataSettings) -> DetectionImage {
    var painter = scene(split, number)
    let picture = painter.picture()
    let placement = ImagePlacement(
      originalWidth: Self.width, originalHeight: Self.height, height: data.height, width: data.width)
    var boxes: [AnnotatedBox] = []
    var labels: [Int] = []
    var masks: [InstanceMask] = []
    for (owner, instance) in painter.instances.enumerated() {
      let owners = painter.canvas.owners
      let mask = InstanceMask(width: Self.width, height: Self.height) { owners[$1 * Self.width + $0] == owner }
      guard let box = mask.tightBox else { continue }
      boxes.append(box)
      labels.append(instance.kind.rawValue)
      masks.append(mask)
    }
    let content = ImageResizer.resize(picture, to: placement)
    return DetectionImage(
      id: id, name: Self.name(split, number),
      pixels: ImageResizer.pad(content, height: data.height, width: data.width), placement: placement,
      boxes: boxes.map(placement.input), labels: labels, isCrowd: boxes.map { _ in false },
      areas: masks.map { Double($0.area) }, originalBoxes: boxes, originalMasks: masks)
  }
}
