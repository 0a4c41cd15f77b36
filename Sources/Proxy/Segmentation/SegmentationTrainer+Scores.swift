extension SegmentationTrainer {
  /// The six metrics of the segmenter on the data, over all its pixels.
  ///
  /// - Throws: as `segment`.
  public func scores(
    _ trained: TrainedSegmenter, on data: SegmentationDataset, settings: SegmentationScorer.Settings
  ) throws -> SegmentationScores {
    let scorer = SegmentationScorer(classes: data.classes.count, settings: settings)
    try segment(trained, in: data) { (image: Int, found: LabelMap) throws(SegmentationScoreError) in
      let truth = data.images[image].labels
      try scorer.add(
        prediction: found.labels, labels: truth.labels, height: truth.height, width: truth.width)
    }
    return scorer.scores
  }
}
