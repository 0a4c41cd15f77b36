import Losses
import Networks

/// Trains and scores segmenters on the calling thread; make one for each worker.
///
/// It keeps its networks between candidates, and nothing else: a training depends on its arguments alone, bit for bit on
/// one kind of processor. Seeds fix the start weights and the crops, so that losses trained with one seed are paired.
public final class SegmentationTrainer {
  public let settings: SegmenterSettings
  private var networks: [SegmenterShape: Segmenter] = [:]
  /// Start weights by seed, for the classes seen last: paired trainings ask for few seeds again and again.
  private var starts: [UInt64: [Float]] = [:]
  private var startClasses = 0

  /// - Throws: `SegmenterError.setting`.
  public init(_ settings: SegmenterSettings = .standard) throws(SegmenterError) {
    try settings.validate()
    self.settings = settings
  }

  /// Trains for `training.schedule.steps` steps.
  ///
  /// - Parameters:
  ///   - loss: owned by the calling thread; value and gradient with respect to the logits of a whole batch.
  ///   - isCancelled: asked before every step.
  /// - Throws: `SegmenterError` for settings or data that do not fit; divergence is an outcome.
  public func train(
    _ training: SegmentationTrainingSettings, loss: any SegmentationLoss, on data: SegmentationDataset, seed: UInt64,
    isCancelled: () -> Bool = { false }
  ) throws(SegmenterError) -> SegmentationOutcome {
    let training = try begin(training, loss: loss, on: data, seed: seed)
    while !training.isFinished {
      if isCancelled() { return .cancelled(step: training.step) }
      let report = try training.advance()
      guard report.isFinite else { return .diverged(step: report.step) }
    }
    return .completed(training.trained)
  }

  /// Begins a training that the caller advances, or goes on with one from its state.
  ///
  /// - Parameter state: of a training with the same settings, loss, data and seed.
  /// - Throws: `SegmenterError` for settings, data or a state that do not fit.
  public func begin(
    _ training: SegmentationTrainingSettings, loss: any SegmentationLoss, on data: SegmentationDataset, seed: UInt64,
    from state: SegmentationTrainingState? = nil
  ) throws(SegmenterError) -> SegmentationTraining {
    try training.validate(for: settings)
    try check(data)
    let network = try network(
      SegmenterShape(
        settings: settings, classes: data.classes.count, batch: training.schedule.imagesPerBatch, height: training.crop,
        width: training.crop))
    let begun = SegmentationTraining(training, loss: loss, segmenter: network, data: data, seed: seed)
    if let state {
      try begun.restore(state)
    } else {
      try network.restore(startWeights(network.shape, seed: seed))
    }
    return begun
  }

  /// The class of every pixel of every image, handed over one image after another with its place in the data.
  ///
  /// All images are laid into inputs of one size, the smallest that holds each of them, so that nothing is scaled.
  /// - Throws: `SegmenterError` when the data's classes are not those it was trained with.
  public func segment<Failure: Error>(
    _ trained: TrainedSegmenter, in data: SegmentationDataset, imagesPerBatch: Int = 4,
    _ body: (_ image: Int, _ found: LabelMap) throws(Failure) -> Void
  ) throws {
    try check(data)
    guard trained.settings == settings, trained.classes == data.classes else {
      throw SegmenterError.data(
        problem: "this segmenter was trained for the classes \(trained.classes.joined(separator: ", ")), the data has "
          + data.classes.joined(separator: ", "))
    }
    let stride = settings.stride
    func rounded(_ extent: Int) -> Int { max(2, (extent + stride - 1) / stride) * stride }
    let network = try network(
      SegmenterShape(
        settings: settings, classes: data.classes.count, batch: imagesPerBatch, height: rounded(data.largestHeight),
        width: rounded(data.largestWidth), trains: false))
    try network.restore(trained.weights)
    for start in Swift.stride(from: 0, to: data.images.count, by: imagesPerBatch) {
      let batch = start..<min(start + imagesPerBatch, data.images.count)
      for index in batch { network.load(data.images[index], at: index - start) }
      try network.forward(training: false)
      network.findLabels()
      for index in batch { try body(index, network.label(of: data.images[index], at: index - start)) }
    }
  }

  private func check(_ data: SegmentationDataset) throws(SegmenterError) {
    guard !data.images.isEmpty else { throw .data(problem: "no images") }
    guard (2...255).contains(data.classes.count) else {
      throw .data(problem: "\(data.classes.count) class(es), expected 2 to 255")
    }
  }

  private func network(_ shape: SegmenterShape) throws(SegmenterError) -> Segmenter {
    if let known = networks[shape] { return known }
    let built = try shape.build(seed: 0)
    networks[shape] = built
    return built
  }

  private func startWeights(_ shape: SegmenterShape, seed: UInt64) throws(SegmenterError) -> [Float] {
    if startClasses != shape.classes { (startClasses, starts) = (shape.classes, [:]) }
    if let known = starts[seed] { return known }
    let drawn = try shape.startWeights(seed: seed)
    starts[seed] = drawn
    return drawn
  }
}
