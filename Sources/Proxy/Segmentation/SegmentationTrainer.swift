import Losses
import Networks

/// Trains and scores segmenters on the calling thread; make one for each worker.
///
/// It keeps some networks between candidates, and nothing else: a training depends on its arguments alone, bit for bit on
/// one kind of processor. Seeds fix the start weights and the crops, so that losses trained with one seed are paired.
public final class SegmentationTrainer {
  public let settings: SegmenterSettings
  private var networks: [SegmenterShape: Segmenter] = [:]
  /// Start weights by seed, for the classes seen last: paired trainings ask for few seeds again and again.
  private var starts: [UInt64: [Float]] = [:]
  private var startClasses = 0
  /// Networks that are kept: enough for the sizes of most data sets, few enough for memory.
  private static let mostNetworks = 24

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

  /// The class of every pixel of every image, handed over with its place in the data; those of one size follow each other.
  ///
  /// What is found depends on the picture and the weights alone, bit for bit: each is laid into an input of its own size,
  /// rounded up to the stride, and nothing is scaled.
  /// - Throws: `SegmenterError` when the data's classes are not those it was trained with.
  public func segment<Failure: Error>(
    _ trained: TrainedSegmenter, in data: SegmentationDataset,
    _ body: (_ image: Int, _ found: LabelMap) throws(Failure) -> Void
  ) throws {
    try check(data)
    guard trained.settings == settings, trained.classes == data.classes else {
      throw SegmenterError.data(
        problem: "this segmenter was trained for the classes \(trained.classes.joined(separator: ", ")), the data has "
          + data.classes.joined(separator: ", "))
    }
    let sizes = Dictionary(grouping: data.images.indices) { input(of: data.images[$0], classes: data.classes.count) }
    for (shape, images) in sizes.sorted(by: { $0.value[0] < $1.value[0] }) {
      let network = try network(shape)
      try network.restore(trained.weights)
      for index in images {
        network.load(data.images[index], at: 0)
        try network.forward(training: false)
        network.findLabels()
        try body(index, network.label(of: data.images[index]))
      }
    }
  }

  /// What a picture is segmented in: alone, since another one beside it could change how layers compute.
  private func input(of image: SegmentationImage, classes: Int) -> SegmenterShape {
    let stride = settings.stride
    func rounded(_ extent: Int) -> Int { max(2, (extent + stride - 1) / stride) * stride }
    return SegmenterShape(
      settings: settings, classes: classes, batch: 1, height: rounded(image.height), width: rounded(image.width),
      trains: false)
  }

  private func check(_ data: SegmentationDataset) throws(SegmenterError) {
    guard !data.images.isEmpty else { throw .data(problem: "no images") }
    guard (2...255).contains(data.classes.count) else {
      throw .data(problem: "\(data.classes.count) class(es), expected 2 to 255")
    }
  }

  private func network(_ shape: SegmenterShape) throws(SegmenterError) -> Segmenter {
    if let known = networks[shape] { return known }
    if networks.count >= Self.mostNetworks { networks = [:] }
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
