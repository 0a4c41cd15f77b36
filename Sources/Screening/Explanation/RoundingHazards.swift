import Formulas
import Losses

/// What a narrower format does to a formula: rounds after every operation and compares each row of the ladder with Double.
///
/// A row counts where Double is finite and its gradient is at least a hundredth of the usual one: a tiny gradient that
/// becomes 0 harms nobody. The first node, in order of evaluation, that goes wrong is named. Ours.
struct RoundingHazards {
  let search: HazardSearch
  let format: FloatFormat
  let trace: NodeTrace
  let gradient: [Double]
  private let usual: Double

  var nodes: [Node] { search.tracer.formula.nodes }
  private var rows: Int { search.ladder.names.count }

  init(_ search: HazardSearch, _ format: FloatFormat) {
    self.search = search
    self.format = format
    let batch = search.ladder.batch
    trace = search.tracer.trace(batch.inputs, in: format)
    gradient = batch.predictionGradient(trace, of: search.tracer.formula)
    let width = search.gradient.count / max(search.ladder.names.count, 1)
    let squares = search.gradient.enumerated().compactMap { index, value in
      search.ladder.usualRows[index / max(width, 1)] && value.isFinite ? value * value : nil
    }
    usual = squares.isEmpty ? 0 : (squares.reduce(0, +) / Double(squares.count)).squareRoot()
  }

  func hazards() -> [Hazard] {
    var seen = Set<[Int]>()
    var found: [Hazard] = []
    for row in 0..<rows {
      guard let hazard = overflow(in: row) ?? wrongGradient(in: row) else { continue }
      let order = LossWarning.allCases.firstIndex(of: hazard.code) ?? 0
      if seen.insert([order, hazard.node]).inserted { found.append(hazard) }
    }
    // A gradient that dies further on has lost its digits before: that is said once.
    let dead = Set(found.filter { $0.code == format.deadGradient }.map(\.node))
    let distinct = found.filter { $0.code != format.precisionLoss || !dead.contains($0.node) } + autogradOverflows()
    return LossWarning.allCases.flatMap { code in distinct.filter { $0.code == code }.sorted { $0.node < $1.node } }
  }

  // MARK: Overflow

  /// Only what is not finite in the format.
  func overflows() -> [Hazard] {
    var seen = Set<[Int]>()
    return (0..<rows).compactMap(overflow).filter { hazard in
      seen.insert([LossWarning.allCases.firstIndex(of: hazard.code) ?? 0, hazard.node]).inserted
    }
  }

  /// The first node of a row that is not finite in the format but in Double; then a gradient that is not.
  private func overflow(in row: Int) -> Hazard? {
    for index in nodes.indices {
      guard
        let place = places(of: row, at: index).first(where: {
          !trace.values[index][$0].isFinite && search.trace.values[index][$0].isFinite
        })
      else { continue }
      let (exact, value) = (search.trace.values[index][place], trace.values[index][place])
      if format == .fp16, meetsZero(index, row) {
        return hazard(.fp16EpsilonVanishes, index, row, "\(value.brief) where Double has \(exact.brief)")
      }
      return hazard(format.overflow, index, row, "\(exact.brief) becomes \(value.brief) in \(format.rawValue)")
    }
    return gradientOverflow(in: row)
  }

  /// A gradient at the prediction that is not finite in the format but in Double, blamed on the node where that begins.
  private func gradientOverflow(in row: Int) -> Hazard? {
    guard entries(of: row).contains(where: { !gradient[$0].isFinite && search.gradient[$0].isFinite }) else {
      return nil
    }
    for index in nodes.indices.reversed() where search.tracer.depends[index] {
      guard
        let place = places(of: row, at: index).first(where: {
          !trace.adjoints[index][$0].isFinite && search.trace.adjoints[index][$0].isFinite
        })
      else { continue }
      let (exact, value) = (search.trace.adjoints[index][place], trace.adjoints[index][place])
      return hazard(
        format.overflow, index, row,
        "its gradient, \(exact.brief), becomes \(value.brief) in \(format.rawValue)")
    }
    return nil
  }

  /// Whether a Log or Div has nothing but eps to stand on in a row.
  private func meetsZero(_ index: Int, _ row: Int) -> Bool {
    let argument: Int
    switch nodes[index] {
    case .unary(.log, let child): argument = child
    case .binary(.div, _, let divisor): argument = divisor
    case .variable, .constant, .unary, .binary: return false
    }
    return places(of: row, at: argument).contains { trace.values[argument][$0] == 0 }
  }

  // MARK: Gradient

  /// A gradient that dies, of which less than a twentieth is left, or changes by more than half.
  private func wrongGradient(in row: Int) -> Hazard? {
    let wrong = entries(of: row).filter { entry in
      let exact = search.gradient[entry]
      return exact.isFinite && exact.magnitude >= 0.01 * usual && usual > 0
        && abs(gradient[entry] - exact) > 0.5 * exact.magnitude
    }
    guard let entry = wrong.max(by: { search.gradient[$0].magnitude < search.gradient[$1].magnitude }) else {
      return nil
    }
    let dies = gradient[entry].magnitude <= 0.05 * search.gradient[entry].magnitude
    let culprit = culprit(in: row)
    var detail = "the gradient \(search.gradient[entry].brief) becomes \(gradient[entry].brief) in \(format.rawValue)"
    if let culprit, let place = places(of: row, at: culprit).first(where: { isWrong(culprit, $0) }) {
      let (exact, value) = (search.trace.values[culprit][place], trace.values[culprit][place])
      detail = "\(exact.brief) becomes \(value.brief), so " + detail
    }
    return hazard(dies ? format.deadGradient : format.precisionLoss, culprit ?? search.tracer.formula.root, row, detail)
  }

  /// The node to blame: of those whose value is off by more than half, the first by which the loss is off noticeably, to
  /// first order: what follows from it is off too, often by more.
  private func culprit(in row: Int) -> Int? {
    let blame = nodes.indices.map { index in
      places(of: row, at: index).reduce(0) { largest, place in
        guard isWrong(index, place) else { return largest }
        let error = trace.values[index][place] - search.trace.values[index][place]
        return max(largest, (error * search.trace.adjoints[index][place]).magnitude)
      }
    }
    let largest = blame.reduce(0) { $1.isFinite ? max($0, $1) : $0 }
    return largest > 0 ? blame.firstIndex { $0 >= 1e-3 * largest } : nil
  }

  private func isWrong(_ index: Int, _ place: Int) -> Bool {
    let exact = search.trace.values[index][place]
    return exact.isFinite && abs(trace.values[index][place] - exact) > 0.5 * exact.magnitude
  }

  // MARK: Places

  /// The entries of a node that belong to a row; a node of one number has it in every row.
  private func places(of row: Int, at index: Int) -> Range<Int> {
    let count = trace.values[index].count
    let width = count / max(rows, 1)
    return width == 0 || count == 1 ? 0..<min(1, count) : (row * width)..<((row + 1) * width)
  }

  func entries(of row: Int) -> Range<Int> {
    let width = gradient.count / max(rows, 1)
    return (row * width)..<((row + 1) * width)
  }

  func hazard(_ code: LossWarning, _ node: Int, _ row: Int, _ detail: String) -> Hazard {
    search.hazard(code, node: node, row: row, detail: detail)
  }
}
