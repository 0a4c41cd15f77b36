import Formulas
import Losses

/// Looks for hazards: first on a ladder of inputs, then, for what it did not show, between its rungs, where a sweep finds value or
/// gradient not finite or largest, and at the probes of the verification that are not finite.
///
/// In Double hazards are a matter of the mathematics; then come the narrower formats.
struct HazardSearch {
  let tracer: NodeTracer
  let ladder: HazardLadder
  let trace: NodeTrace
  /// The gradient that training sees, per row: C numbers of a row of logits, 4 of a box.
  let gradient: [Double]

  init(_ tracer: NodeTracer) { self.init(tracer, HazardLadder.of(tracer.mode)) }

  private init(_ tracer: NodeTracer, _ ladder: HazardLadder) {
    self.tracer = tracer
    self.ladder = ladder
    trace = tracer.trace(ladder.batch.inputs)
    gradient = ladder.batch.predictionGradient(trace, of: tracer.formula)
  }

  /// One hazard for each code and node, in the order of codes, then of nodes. Beyond the ladder only codes that it did not show
  /// are added.
  func hazards() -> [Hazard] {
    var found = hazardsInDouble() + FloatFormat.narrowing.flatMap { RoundingHazards(self, $0).hazards() }
    let sweep = HazardSweep(tracer)
    for ladder in furtherLadders(sweep) {
      let search = HazardSearch(tracer, ladder)
      let shown = Set(found.map(\.code))
      let overflows = FloatFormat.narrowing.flatMap { format -> [Hazard] in
        guard !shown.contains(format.overflow) else { return [] }
        let rounding = RoundingHazards(search, format)
        return rounding.overflows() + rounding.autogradOverflows()
      }
      found += (search.hazardsInDouble() + overflows).filter { !shown.contains($0.code) }
      if let sweep, let rest = search.brokenInFloat(sweep, found) { found.append(rest) }
    }
    return LossWarning.allCases.flatMap { code in found.filter { $0.code == code } }
  }

  /// Inputs between the rungs, then where the sweep leads, then the probes that are not finite.
  private func furtherLadders(_ sweep: HazardSweep?) -> [HazardLadder] {
    let mode = tracer.mode
    let between = tracer.formula.nodeCount <= Self.denseNodeLimit ? [HazardLadder.betweenRungs(of: mode)] : []
    let points = sweep?.points() ?? []
    return between + (points.isEmpty ? [] : [HazardLadder(points, mode: mode)]) + BrokenProbes.ladders(tracer)
  }

  /// Larger formulas are not traced between the rungs, so that an explanation never takes long.
  private static let denseNodeLimit = 200

  /// A row at which the compiled program is not finite in Float although nothing found so far says so: its rounding differs in
  /// the last digit from that of single operations.
  private func brokenInFloat(_ sweep: HazardSweep, _ found: [Hazard]) -> Hazard? {
    let explaining: [LossWarning] = [.logOfNegative, .rootOfNegative, .rootSlopeInfinite, .nonFinite, .fp32Overflow]
    guard !found.contains(where: { explaining.contains($0.code) }),
      let row = sweep.isFinite(ladder.batch.inputs).firstIndex(of: false)
    else { return nil }
    return hazard(
      .fp32Overflow, node: tracer.formula.root, row: row, detail: "value or gradient is not finite in compiled fp32")
  }

  // MARK: Domain

  /// What Double shows: functions outside their domain, and overflow.
  private func hazardsInDouble() -> [Hazard] {
    let found = domainHazards()
    return found + nonFiniteHazards(hasInfiniteSlope: found.contains { $0.code == .rootSlopeInfinite })
  }

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
    let change = changeOfSign(divisor)
    // On the way from sign to sign 0 counts also where the factor of the quotient is 0 with it.
    let zero = first(divisor) {
      $0.magnitude < 10 * ReferenceFunctions.epsilon && (change != nil || isUsed(index, $1))
    }
    return [hazard(.divisionByZero, index, zero), hazard(.divisorChangesSign, index, change)].compactMap(\.self)
  }

  /// The mildest input at which the sign of a divisor differs from that of milder ones; nil where it keeps its sign.
  private func changeOfSign(_ divisor: Int) -> Int? {
    guard tracer.depends[divisor], let positive = first(divisor, where: { value, _ in value > 0 }),
      let negative = first(divisor, where: { value, _ in value < 0 })
    else { return nil }
    return max(positive, negative)
  }

  /// Values that are not finite although no function left its domain, then gradients: overflow of Double.
  private func nonFiniteHazards(hasInfiniteSlope: Bool) -> [Hazard] {
    let values = tracer.formula.nodes.indices.compactMap { index -> Hazard? in
      hazard(.nonFinite, index, trace.values[index].indices.first { isOriginOfNonFinite(index, $0) })
    }
    guard values.isEmpty, !hasInfiniteSlope, let row = brokenGradientRow() else { return values }
    let width = gradient.count / max(ladder.names.count, 1)
    let entries = gradient[(row * width)..<((row + 1) * width)]
    let shown = entries.first { !$0.isFinite } ?? .nan
    return [hazard(.nonFinite, node: tracer.formula.root, row: row, detail: "the gradient is \(shown.brief)")]
  }

  /// Whether a value is not finite, its arguments are, and the reason is no argument outside the domain.
  private func isOriginOfNonFinite(_ index: Int, _ place: Int) -> Bool {
    guard !trace.values[index][place].isFinite else { return false }
    let row = row(of: place, in: trace.values[index])
    for child in tracer.formula.nodes[index].children {
      let values = trace.values[child]
      let width = values.count / max(ladder.names.count, 1)
      let entries = width == 0 || values.count == 1 ? values[...] : values[(row * width)..<((row + 1) * width)]
      guard entries.allSatisfy(\.isFinite) else { return false }
    }
    switch tracer.formula.nodes[index] {
    case .unary(.log, _), .unary(.sqrt, _): return false
    case .variable, .constant, .unary, .binary: return true
    }
  }

  /// The first row with a finite value whose gradient is not finite.
  private func brokenGradientRow() -> Int? {
    let width = max(gradient.count / max(ladder.names.count, 1), 1)
    let values = trace.values[tracer.formula.root]
    let valueWidth = values.count / max(ladder.names.count, 1)
    return ladder.names.indices.first { row in
      guard !gradient[(row * width)..<((row + 1) * width)].allSatisfy(\.isFinite) else { return false }
      return valueWidth == 0 || values[(row * valueWidth)..<((row + 1) * valueWidth)].allSatisfy(\.isFinite)
    }
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

extension FloatFormat {
  /// From the widest to the one with the smallest range.
  fileprivate static let narrowing = [FloatFormat.fp32, .bf16, .fp16]
}
