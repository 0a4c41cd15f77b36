import Foundation
import Networks

/// The layers of a one-stage head (Tian et al., 2019, figure 2): a tower for classes, a tower for boxes and centerness.
///
/// Both pyramid levels share all weights.
struct DenseHead {
  private let classes: Int
  /// For the finer and the coarser level.
  private let logits: [Value]
  private let boxes: [Value]
  private let centerness: [Value]

  /// Share of places that show an object when the training begins, as the bias of the class logits has it (Lin et al.,
  /// 2017, focal loss, section 4.1).
  static let prior: Float = 0.01

  /// Start weights as in mmdetection: normal with deviation 0.01.
  init(
    _ settings: OneStageSettings, levels: [Value], classes: Int, groups: Int, in builder: NetworkBuilder
  ) throws(NetworkError) {
    self.classes = classes
    let tower = Tower(settings: settings, groups: groups, builder: builder)
    let classTower = try tower.values(levels, name: "head.classes")
    let boxTower = try tower.values(levels, name: "head.boxes")
    logits = try tower.output(
      classTower, channels: classes, biasStart: -logf((1 - Self.prior) / Self.prior), name: "head.logits")
    boxes = try tower.output(boxTower, channels: 4, biasStart: 0, name: "head.distances")
    centerness = try tower.output(boxTower, channels: 1, biasStart: 0, name: "head.centerness")
  }

  /// The outputs' buffers, a level each; valid after the network's build.
  var outputs: [DenseOutputs] {
    logits.indices.map { level in
      DenseOutputs(
        classes: classes, logits: logits[level].data, logitsGradient: logits[level].gradient,
        boxes: boxes[level].data, boxesGradient: boxes[level].gradient, centerness: centerness[level].data,
        centernessGradient: centerness[level].gradient)
    }
  }
}

/// Convolutions that all levels share.
private struct Tower {
  let settings: OneStageSettings
  let groups: Int
  let builder: NetworkBuilder

  /// The tower's last value of each level.
  func values(_ levels: [Value], name: String) throws(NetworkError) -> [Value] {
    var values = levels
    for index in 0..<settings.convolutions {
      let layer = "\(name).\(index)"
      let convolution = try builder.convolution(
        values[0], channels: settings.channels, kernel: 3, bias: false, initialization: .normal(0.01), name: layer)
      let normalized = try builder.groupNorm(convolution, groups: groups, relu: true, name: layer + ".norm")
      var next = [normalized]
      for value in values.dropFirst() {
        let again = try builder.repeatLayer(of: convolution, on: value)
        next.append(try builder.repeatLayer(of: normalized, on: again))
      }
      values = next
    }
    return values
  }

  /// A 3×3 convolution on each level.
  func output(
    _ levels: [Value], channels: Int, biasStart: Float, name: String
  ) throws(NetworkError) -> [Value] {
    let first = try builder.convolution(
      levels[0], channels: channels, kernel: 3, initialization: .normal(0.01), biasStart: biasStart, name: name)
    var values = [first]
    for level in levels.dropFirst() { values.append(try builder.repeatLayer(of: first, on: level)) }
    return values
  }
}
