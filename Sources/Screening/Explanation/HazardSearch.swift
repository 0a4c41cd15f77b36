import Formulas
import Losses

/// Looks for hazards on a ladder of inputs: first in Double, where they are a matter of the mathematics, then in narrower formats.
struct HazardSearch {
  let tracer: NodeTracer
  let ladder: HazardLadder
  let trace: NodeTrace
  /// The gradient that training sees, per row: C numbers of a row of logits, 4 of a box.
  let gradient: [Double]

  init(_ tracer: NodeTracer) {
    self.tracer = tracer
    ladder = HazardLadder.of(tracer.mode)
    trace = tracer.trace(ladder.batch.inputs)
    gradient = ladder.batch.predictionGradient(trace, of: tracer.formula)
  }

  /// One hazard for each code and node, in the order of codes, then of nodes.
  func hazards() -> [Hazard] {
    var found = domainHazards()
    if found.isEmpty, let rest = otherNonFinite() { found.append(rest) }
    for format in [FloatFormat.fp32, .bf16, .fp16] { found += RoundingHazards(self, format).hazards() }
    return found
  }

  // MARK: Domain

  private func domainHazards() -> [Hazard] {
    let found = tracer.formula.nodes.enumerated().flatMap { index, node -> [Hazard] in
      switch node {
      case .unary(.log, let child): logHazards(index, child)
      case .unary(.sqrt, let child): rootHazards(index, child)
      case .unary(.exp, let child):
        [hazard(.expClamped, index, first(child) { $0 >= ReferenceFunctions.expLimit && isUsed(index, $1) })]
          .compactMap(\.self)
      case .binary(.div, _, let divisor): quotientHazards(index, divisor)
      case .variable, .constant, .unary, .binary: []
      }
    }
    let order = LossWarning.allCases
    return order.flatMap { code in found.filter { $0.code == code } }
  }

  private func logHazards(_ index: Int, _ child: Int) -> [Hazard] {
    let epsilon = ReferenceFunctions.epsilon
    return [
      hazard(.logOfNegative, index, first(child) { value, _ in value + epsilon < 0 }),
      hazard(.logOfZero, index, first(child) { $0 >= 0 && $0 < 10 * epsilon && isUsed(index, $1) }),
    ].compactMap(\.self)
  }

  private func rootHazards(_ index: Int, _ child: Int) -> [Hazard] {
    [
      hazard(.rootOfNegative, index, first(child) { value, _ in value < 0 }),
      hazard(.rootSlopeInfinite, index, first(child) { $0 == 0 && tracer.depends[child] && isUsed(index, $1) }),
    ].compactMap(\.self)
  }

  private func quotientHazards(_ index: Int, _ divisor: Int) -> [Hazard] {
    let zero = first(divisor) { $0.magnitude < 10 * ReferenceFunctions.epsilon && isUsed(index, $1) }
    if let zero { return [hazard(.divisionByZero, index, zero)].compactMap(\.self) }
    guard tracer.depends[divisor], let positive = first(divisor, where: { value, _ in value > 0 }),
      let negative = first(divisor, where: { value, _ in value < 0 })
    else { return [] }
    // The later of both is the mildest input at which the sign differs from that of milder ones.
    return [hazard(.divisorChangesSign, index, max(positive, negative))].compactMap(\.self)
  }

  /// A row that is not finite although no function left its domain: overflow of Double.
  private func otherNonFinite() -> Hazard? {
    for index in tracer.formula.nodes.indices {
      if let place = trace.values[index].firstIndex(where: { !$0.isFinite }) { return hazard(.nonFinite, index, place) }
    }
    let width = gradient.count / max(ladder.names.count, 1)
    guard let place = gradient.firstIndex(where: { !$0.isFinite }) else { return nil }
    return hazard(
      .nonFinite, node: tracer.formula.root, row: place / max(width, 1),
      detail: "the gradient is \(gradient[place].brief)")
  }

  // MARK: Places

  /// The first number of a node with a quality; numbers stand in the order of rows, the mildest first.
  private func first(_ node: Int, where holds: (Double, Int) -> Bool) -> Int? {
    trace.values[node].indices.first { holds(trace.values[node][$0], $0) }
  }

  /// Whether the value of a node has influence at a place of one of its arguments; nan counts as influence.
  private func isUsed(_ node: Int, _ place: Int) -> Bool {
    let adjoints = trace.adjoints[node]
    return adjoints[adjoints.count == 1 ? 0 : min(place, adjoints.count - 1)] != 0
  }

  /// The hazard at a place of a node's argument: the detail gives the argument.
  private func hazard(_ code: LossWarning, _ index: Int, _ place: Int?) -> Hazard? {
    guard let place else { return nil }
    let child = tracer.formula.nodes[index].children.last ?? index
    let values = trace.values[code == .nonFinite ? index : child]
    let value = values[min(place, values.count - 1)]
    let subject = code == .nonFinite ? "the value is" : code.isAboutDivisor ? "the divisor is" : "its argument is"
    return hazard(code, node: index, row: row(of: place, in: values), detail: "\(subject) \(value.brief)")
  }

  func hazard(_ code: LossWarning, node: Int, row: Int, detail: String) -> Hazard {
    Hazard(
      code: code, node: node, part: tracer.formula.brief(at: node), detail: detail, input: ladder.names[row],
      numbers: numbers(ofRow: row))
  }

  /// The row to which an entry of an array of N×C, N or one number belongs.
  func row(of place: Int, in values: [Double]) -> Int {
    let width = values.count / max(ladder.names.count, 1)
    return width == 0 ? 0 : place / width
  }

  private func numbers(ofRow row: Int) -> [ProbeNumbers] {
    let inputs = ladder.batch.inputs
    return tracer.formula.variables.compactMap { variable in
      inputs[variable].map {
        ProbeNumbers(variable, row: Array($0[(row * inputs.classes)..<((row + 1) * inputs.classes)]))
      }
    }
  }
}

extension LossWarning {
  fileprivate var isAboutDivisor: Bool { self == .divisionByZero || self == .divisorChangesSign }
}
