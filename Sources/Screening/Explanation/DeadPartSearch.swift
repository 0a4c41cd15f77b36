import Formulas
import Losses

/// Looks for dead parts: holds a part at a number and compares value and gradient on admissible inputs.
///
/// Walks from the root down and does not look below a part that was found dead. What it finds holds on the probe inputs, no
/// more; what it does not find may still be dead.
struct DeadPartSearch {
  private let tracer: NodeTracer
  private let batches: [AdmissibleBatch]
  private let traces: [NodeTrace]
  private let gradients: [[Double]]
  /// Whether some prediction has an influence that is a number; without it nothing but constants is looked for.
  private let hasGradient: Bool

  init(_ tracer: NodeTracer) {
    self.tracer = tracer
    batches = AdmissibleBatch.batchesOfEveryUnit(tracer.mode)
    traces = batches.map { tracer.trace($0.inputs) }
    gradients = zip(batches, traces).map { $0.predictionGradient($1, of: tracer.formula) }
    hasGradient = gradients.contains { $0.contains { $0.isFinite && $0 != 0 } }
  }

  /// How many logits or boxes the parts of a formula are held on.
  static func entryCount(of mode: Mode) -> Int {
    AdmissibleBatch.batchesOfEveryUnit(mode).reduce(0) { $0 + $1.inputs.rows * $1.inputs.classes }
  }

  /// At most this many parts are held at numbers, so that large formulas do not take long; constants are always found.
  static let holdLimit = 400

  func parts() -> [DeadPart] {
    let nodes = tracer.formula.nodes
    var isLive = [Bool](repeating: false, count: nodes.count)
    isLive[tracer.formula.root] = true
    var found: [DeadPart] = []
    var holdsLeft = Self.holdLimit
    for index in nodes.indices.reversed() where isLive[index] {
      let part = deadPart(at: index, &holdsLeft)
      if let part { found.append(part) }
      let stillUsed = part == nil ? nodes[index].children : [part?.argumentNode].compactMap(\.self)
      for child in stillUsed { isLive[child] = true }
    }
    return found
  }

  private func deadPart(at index: Int, _ holdsLeft: inout Int) -> DeadPart? {
    let node = tracer.formula.nodes[index]
    if !isSpelledNumber(index), let value = commonNumber(at: index, onlyUsed: false),
      changesNothing(index, value, &holdsLeft)
    {
      return part(.constant, index, number: value)
    }
    guard hasGradient, index != tracer.formula.root else { return nil }
    if !isUsed(index) {
      return changesNothing(index, 0, &holdsLeft) && changesNothing(index, 0.731, &holdsLeft)
        ? part(.noInfluence, index) : nil
    }
    if !isSpelledNumber(index), let value = commonNumber(at: index, onlyUsed: true),
      changesNothing(index, value, &holdsLeft)
    {
      return part(.constantWhereUsed, index, number: value)
    }
    if let child = node.children.first(where: { equalsArgument(index, $0) }) {
      return DeadPart(
        .sameAsArgument, node: index, part: tracer.formula.brief(at: index), argument: tracer.formula.brief(at: child),
        argumentNode: child)
    }
    guard !tracer.depends[index], keepsGradient(index, &holdsLeft) else { return nil }
    let keepsValue = changesNothing(index, 0, &holdsLeft) && changesNothing(index, 0.731, &holdsLeft)
    return part(keepsValue ? .noInfluence : .shiftsValueOnly, index)
  }

  private func part(_ kind: DeadPart.Kind, _ index: Int, number: Double? = nil) -> DeadPart {
    DeadPart(kind, node: index, part: tracer.formula.brief(at: index), number: number)
  }

  /// A literal or its negation.
  private func isSpelledNumber(_ index: Int) -> Bool {
    switch tracer.formula.nodes[index] {
    case .constant: true
    case .unary(.neg, let child): isSpelledNumber(child)
    case .variable, .unary, .binary: false
    }
  }

  /// Whether a change of the part changes the value anywhere, to first order; nan counts as influence.
  private func isUsed(_ index: Int) -> Bool { traces.contains { $0.adjoints[index].contains { $0 != 0 } } }

  /// The finite number that the part equals everywhere, or wherever it is used; nil where it varies.
  private func commonNumber(at index: Int, onlyUsed: Bool) -> Double? {
    var common: Double?
    for trace in traces {
      for (value, adjoint) in zip(trace.values[index], trace.adjoints[index]) where !onlyUsed || adjoint != 0 {
        guard value.isFinite else { return nil }
        if let common, !Self.agree(value, common, scale: common.magnitude, tolerance: 1e-12) { return nil }
        common = common ?? value
      }
    }
    return common
  }

  /// Whether value and gradient stay the same when the part is held at a number; the small batch is asked first.
  private func changesNothing(_ index: Int, _ number: Double, _ holdsLeft: inout Int) -> Bool {
    stays(NodeTracer.Hold(node: index, value: number), valueToo: true, &holdsLeft)
  }

  private func keepsGradient(_ index: Int, _ holdsLeft: inout Int) -> Bool {
    stays(NodeTracer.Hold(node: index, value: 0), valueToo: false, &holdsLeft)
      && stays(NodeTracer.Hold(node: index, value: 0.731), valueToo: false, &holdsLeft)
  }

  private func stays(_ hold: NodeTracer.Hold, valueToo: Bool, _ holdsLeft: inout Int) -> Bool {
    guard holdsLeft > 0 else { return false }
    holdsLeft -= 1
    let root = tracer.formula.root
    for (order, batch) in batches.enumerated() {
      let held = tracer.trace(batch.inputs, holding: hold)
      if valueToo, !sameValue(held.values[root], traces[order].values[root]) { return false }
      guard sameGradient(batch.predictionGradient(held, of: tracer.formula), gradients[order], batch) else {
        return false
      }
    }
    return true
  }

  /// Whether a function gives one of its arguments back, also in the gradient.
  private func equalsArgument(_ index: Int, _ child: Int) -> Bool {
    guard !isSpelledNumber(index), traces.allSatisfy({ sameValue($0.values[index], $0.values[child]) }),
      let plain = try? NodeTracer(
        tracer.formula.replacing(node: index, with: tracer.formula.subformula(at: child)), mode: tracer.mode)
    else { return false }
    return zip(batches, gradients).allSatisfy { batch, gradient in
      sameGradient(batch.predictionGradient(plain.trace(batch.inputs), of: plain.formula), gradient, batch)
    }
  }

  /// How many entries of a gradient are judged beside one another: a row of classes, one sigmoid, or four corners.
  private func groupSize(_ batch: AdmissibleBatch) -> Int {
    switch tracer.mode {
    case .multiClass: batch.inputs.classes
    case .binaryClass: 1
    case .regression: 4
    }
  }

  /// Equal to ten digits of the largest entry of each group, so that no large row hides a small one; groups far below the
  /// median, which may be rounding alone, to ten digits of a share of the median.
  private static func agree(_ a: [Double], _ b: [Double], group: Int, share: Double) -> Bool {
    guard a.count == b.count else { return false }
    let starts = stride(from: 0, to: b.count, by: max(group, 1))
    let sizes = starts.map { start in
      b[start..<min(start + group, b.count)].reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    }
    let positive = sizes.filter { $0 > 0 }.sorted()
    let floor = positive.isEmpty ? 0 : share * positive[positive.count / 2]
    return b.indices.allSatisfy { agree(a[$0], b[$0], scale: max(sizes[$0 / group], floor), tolerance: 1e-10) }
  }

  private func sameValue(_ a: [Double], _ b: [Double]) -> Bool { Self.agree(a, b, group: 1, share: 1e-3) }

  private func sameGradient(_ a: [Double], _ b: [Double], _ batch: AdmissibleBatch) -> Bool {
    Self.agree(a, b, group: groupSize(batch), share: 1e-6)
  }

  private static func agree(_ a: Double, _ b: Double, scale: Double, tolerance: Double) -> Bool {
    guard a.isFinite, b.isFinite else { return a == b || (a.isNaN && b.isNaN) }
    return abs(a - b) <= tolerance * scale
  }
}
