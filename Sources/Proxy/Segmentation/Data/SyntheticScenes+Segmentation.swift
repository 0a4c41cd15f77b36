import Randomness

/// The drawn scenes as a segmentation task: the background and clutter are class 0, then the seven shapes.
extension SyntheticScenes {
  /// The three parts, every scene at its drawn size.
  public func segmentation() -> SegmentationSplits {
    SegmentationSplits(
      name: "synthetic", searchTrain: segmentation("train", count: settings.trainImages),
      searchValidation: segmentation("val", count: settings.validationImages),
      holdOut: segmentation("test", count: settings.holdOutImages))
  }

  private func segmentation(_ split: String, count: Int) -> SegmentationDataset {
    SegmentationDataset(
      classes: ["background"] + SceneClass.allCases.map(\.name),
      images: (0..<count).map { number in
        var painter = scene(split, number)
        let picture = painter.picture()
        let labels = painter.canvas.owners.map { owner in
          owner < 0 ? 0 : UInt8(painter.instances[owner].kind.rawValue + 1)
        }
        return SegmentationImage(
          name: Self.name(split, number), pixels: picture,
          labels: LabelMap(width: Self.width, height: Self.height, labels: labels))
      })
  }
}
