import CKernels
import Tensors

/// Steps the weights of one network against their gradients; keeps velocity or moments.
public final class Optimizer {
  public let settings: OptimizerSettings
  private let parameters: Parameters
  /// Velocity (SGD) or first moment (Adam), and second moment, in the order of the flat buffers.
  private let first: AlignedBuffer
  private let second: AlignedBuffer
  /// The steps taken.
  public private(set) var steps = 0

  public init(_ settings: OptimizerSettings, parameters: Parameters) {
    self.settings = settings
    self.parameters = parameters
    first = AlignedBuffer(count: parameters.count)
    second = AlignedBuffer(count: settings.kind == .sgd ? 0 : parameters.count)
  }

  /// One update with the given learning rate; returns the gradient's Euclidean norm before clipping.
  ///
  /// A norm that is not finite leaves the weights untouched and is returned, so that the caller can stop.
  @discardableResult
  public func step(learningRate: Double) -> Double {
    let norm = parameters.gradientNorm
    guard norm.isFinite else { return norm }
    let scale = settings.clipNorm > 0 && norm > settings.clipNorm ? settings.clipNorm / (norm + 1e-6) : 1
    steps += 1
    parameters.update { weights in
      for (range, decays) in decayRuns { update(weights, range, decays: decays, rate: learningRate, scale: scale) }
    }
    return norm
  }

  /// Neighbouring parameters with the same decay, so that a step is few long loops.
  private lazy var decayRuns: [(Range<Int>, Bool)] = {
    var runs: [(Range<Int>, Bool)] = []
    for entry in parameters.entries {
      let decays = entry.decays || settings.decaysNormsAndBiases
      if let last = runs.last, last.1 == decays {
        runs[runs.count - 1].0 = last.0.lowerBound..<entry.range.upperBound
      } else {
        runs.append((entry.range, decays))
      }
    }
    return runs
  }()

  private func update(
    _ weights: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>, decays: Bool, rate: Double, scale: Double
  ) {
    guard let base = weights.baseAddress, let gradients = parameters.gradients.baseAddress else { return }
    let start = range.lowerBound
    let decay = decays ? settings.weightDecay : 0
    switch settings.kind {
    case .sgd:
      var call = nn_sgd(
        rate: Float(rate), momentum: Float(settings.momentum), weight_decay: Float(decay),
        gradient_scale: Float(scale), nesterov: settings.nesterov ? 1 : 0, first: steps == 1 ? 1 : 0)
      nn_sgd_step(base + start, gradients + start, first.pointer + start, Int64(range.count), &call)
    case .adam, .adamW:
      var call = nn_adam(
        rate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, weight_decay: decay,
        gradient_scale: scale, decoupled: settings.kind == .adamW ? 1 : 0, step: Int64(steps))
      nn_adam_step(
        base + start, gradients + start, first.pointer + start, second.pointer + start, Int64(range.count), &call)
    }
  }

  /// Everything a later continuation needs: step count, then velocity or moments.
  public var state: [Float] { first.array + second.array }

  /// Takes over a state of the same settings and network after `steps` steps.
  public func restore(_ state: [Float], steps: Int) throws(NetworkError) {
    guard state.count == first.count + second.count else {
      throw .stateSize(expected: first.count + second.count, found: state.count)
    }
    self.steps = steps
    for index in 0..<first.count { first.pointer[index] = state[index] }
    for index in 0..<second.count { second.pointer[index] = state[first.count + index] }
  }
}
