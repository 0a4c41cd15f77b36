import Losses
import Networks
import Tensors

/// What a segmenter is built for.
struct SegmenterShape: Hashable {
  let settings: SegmenterSettings
  let classes: Int
  let batch, height, width: Int
  /// Whether it can be trained; without, memory for gradients is saved.
  var trains = true
}

/// A segmenter of fixed batch and input size with everything that a step needs. One thread at a time uses it.
final class Segmenter {
  let shape: SegmenterShape
  let network: Network
  private let labelMap: LabelMapShape
  private let input: Value
  private let logits: Value
  private let cellWeights: PlaceWeights
  private let upsampling: PlaneResize
  private let cropper: ImageCropper
  /// Logits of every class and pixel, and their gradient: images × classes × height × width.
  private let planes: AlignedBuffer
  private let gradients: AlignedBuffer
  /// Of every pixel of the batch: the truth, and what was found.
  private var truth: [UInt8]
  private var found: [UInt8]

  init(_ shape: SegmenterShape, seed: UInt64) throws(SegmenterError) {
    self.shape = shape
    do throws(SegmentationLossError) {
      labelMap = try LabelMapShape(
        images: shape.batch, classes: shape.classes, height: shape.height, width: shape.width)
    } catch {
      throw .data(problem: error.message)
    }
    let builder = NetworkBuilder(batch: shape.batch)
    let layers: SegmenterLayers
    do throws(NetworkError) {
      layers = try SegmenterLayers(
        shape.settings, classes: shape.classes, height: shape.height, width: shape.width, in: builder)
      network = try builder.build(seed: seed, trains: shape.trains)
    } catch {
      throw .network(error.description)
    }
    (input, logits, cellWeights) = (layers.input, layers.logits, layers.cellWeights)
    upsampling = PlaneResize(from: logits.shape, height: shape.height, width: shape.width)
    cropper = ImageCropper(height: shape.height, width: shape.width)
    planes = AlignedBuffer(count: upsampling.planeCount)
    gradients = AlignedBuffer(count: shape.trains ? upsampling.planeCount : 0)
    truth = [UInt8](repeating: LabelMap.ignored, count: shape.batch * shape.height * shape.width)
    found = [UInt8](repeating: 0, count: shape.trains ? 0 : truth.count)
  }

  private var pixelsPerImage: Int { shape.height * shape.width }

  /// Writes one image of the batch into the network's input, its labels, and which cells lie in it.
  func load(_ image: SegmentationImage, draw: CropOrder.Draw? = nil, at index: Int) {
    guard let pixels = input.data.baseAddress else { return }
    truth.withUnsafeMutableBufferPointer { truth in
      guard let labels = truth.baseAddress else { return }
      cropper.cut(
        image, draw: draw, pixels: pixels + index * input.shape.elementsPerImage,
        labels: labels + index * pixelsPerImage)
    }
    cropper.writeShares(stride: shape.settings.stride, into: cellWeights[index])
  }

  /// Forward, loss and backward of what was loaded: leaves the gradients in `network.parameters`.
  func accumulateGradients(_ loss: any SegmentationLoss) throws(SegmenterError) -> Double {
    try forward(training: true)
    var value: Float
    do {
      value = try truth.withUnsafeBufferPointer { truth in
        guard let labels = truth.baseAddress else { return 0 }
        return try loss.evaluate(
          logits: planes.pointer, labels: labels, shape: labelMap, gradient: gradients.pointer)
      }
    } catch {
      throw .loss(problem: "\(error)")
    }
    // Undefined on these crops, such as a mean over no pixel: nothing is learned from them.
    if value.isNaN, gradients.elements.allSatisfy({ $0 == 0 }) { value = 0 }
    guard value.isFinite, let target = logits.gradient.baseAddress else { return Double(value) }
    upsampling.backward(gradients.pointer, into: target)
    network.parameters.zeroGradients()
    do throws(NetworkError) { try network.backward() } catch { throw .network(error.description) }
    return Double(value)
  }

  /// The class of every pixel of one loaded image, row by row, after `forward(training: false)`.
  func findLabels() {
    found.withUnsafeMutableBufferPointer { found in
      guard let labels = found.baseAddress else { return }
      upsampling.largest(of: planes.pointer, into: labels)
    }
  }

  /// What `findLabels` found for the first image of the batch, cut to its own size.
  func label(of image: SegmentationImage) -> LabelMap {
    var labels: [UInt8] = []
    labels.reserveCapacity(image.height * image.width)
    for row in 0..<image.height {
      let start = row * shape.width
      labels += found[start..<start + image.width]
    }
    return LabelMap(width: image.width, height: image.height, labels: labels)
  }

  /// Runs the network and brings its logits to the input's size.
  func forward(training: Bool) throws(SegmenterError) {
    do throws(NetworkError) { try network.forward(training: training) } catch { throw .network(error.description) }
    guard let source = logits.data.baseAddress else { return }
    upsampling.forward(source, into: planes.pointer)
  }

  /// Takes over weights and running statistics, of a segmenter with any batch and input size.
  func restore(_ weights: [Float]) throws(SegmenterError) {
    guard weights.count == network.stateCount else {
      throw .state(
        problem: "\(weights.count) numbers given, this segmenter has \(network.stateCount); use weights of the same "
          + "settings and classes")
    }
    do throws(NetworkError) { try network.restore(weights) } catch { throw .network(error.description) }
  }
}

extension SegmenterShape {
  /// The weights and statistics that a training with this seed starts from; the same for every batch and input size.
  func startWeights(seed: UInt64) throws(SegmenterError) -> [Float] { try small.build(seed: seed).network.state }

  /// All parts of the state, and those of them that an optimizer changes; the same for every batch and input size.
  func parts() throws(SegmenterError) -> (state: [StatePart], parameters: [StatePart]) {
    let network = try small.build(seed: 0).network
    let all = network.stateParts.map { StatePart(name: $0.name, shape: $0.shape, range: $0.range) }
    return (all, Array(all.prefix(network.parameters.entries.count)))
  }

  func build(seed: UInt64) throws(SegmenterError) -> Segmenter { try Segmenter(self, seed: seed) }

  /// The least that has the same weights.
  private var small: SegmenterShape {
    SegmenterShape(
      settings: settings, classes: classes, batch: 1, height: settings.stride * 2, width: settings.stride * 2,
      trains: false)
  }
}
