import Formulas

/// Judges batches of probes by the rules of `ProbeJudge` and keeps, for each question, the worst probe.
struct PropertyTally {
  private let mode: Mode
  private let settings: VerificationSettings
  private var entries: [Entry]

  /// The answers so far to one question.
  private struct Entry {
    let question: PropertyQuestion
    var probes = 0
    var failures = 0
    var margin: Double?
    var worst: Probe?
    /// Whether the worst so far failed.
    var isFailure = false

    /// Takes an answer; failing probes are worse than others, then nan, then the smaller margin.
    mutating func add(_ holds: Bool, _ found: Double?, _ probe: Probe) {
      probes += 1
      if !holds { failures += 1 }
      if isFailure, holds { return }
      let isWorse =
        (!holds && !isFailure) || worst == nil
        || (found.map { new in margin.map { !$0.isNaN && (new.isNaN || new < $0) } ?? true } ?? false)
      if isWorse { (margin, worst, isFailure) = (found, probe, !holds) }
    }
  }

  init(mode: Mode, settings: VerificationSettings) {
    self.mode = mode
    self.settings = settings
    let questions: [PropertyQuestion] =
      [
        .dependsOnPrediction, .finite(.value, .double), .finite(.gradient, .double), .finite(.value, .float),
        .finite(.gradient, .float),
      ] + (mode == .regression ? [.valueLimit] : []) + Property.asked(of: mode).map { .convergence($0) }
    entries = questions.map { Entry(question: $0) }
  }

  var checks: [PropertyCheck] {
    entries.map { entry in
      // Where all is finite, no probe is worse than another.
      let hasWorst = entry.failures > 0 || (entry.margin != nil && entry.question != .dependsOnPrediction)
      return PropertyCheck(
        question: entry.question, passed: entry.failures == 0, probes: entry.probes, failures: entry.failures,
        margin: entry.margin, worst: hasWorst ? entry.worst : nil, finding: nil, limits: limits(of: entry.question))
    }
  }

  /// What the probes leave out (`ProbeBatch.valueOnly`), and the tolerance.
  private func limits(of question: PropertyQuestion) -> String? {
    switch question {
    case .finite(.gradient, _): mode == .regression ? "boxes that overlap, away from the target" : nil
    case .convergence(.neverRisesTowardsTarget), .convergence(.leastAtTarget):
      "within \(settings.riseTolerance.brief) of the loss"
    case .trainableShape, .independentSamples, .dependsOnPrediction, .finite(.value, _), .valueLimit, .convergence: nil
    }
  }

  /// A margin of which a part below 0 is let pass.
  private static func tolerated(_ margin: Double, _ holds: Bool) -> Double { holds && margin < 0 ? 0 : margin }

  private mutating func add(_ question: PropertyQuestion, _ holds: Bool, _ margin: Double?, _ probe: Probe) {
    guard let place = entries.firstIndex(where: { $0.question == question }) else { return }
    entries[place].add(holds, margin, probe)
  }

  // MARK: One batch

  /// What Double shows. A formula may be flat on later batches, not on the first.
  mutating func judge(_ batch: ProbeBatch, value: [Double], gradients: [Variable: [Double]], isFirst: Bool) {
    if isFirst { judgeDependence(batch, gradients) }
    judgeFiniteness(batch, value, gradients, .double)
    var place = 0
    for sequence in batch.sequences {
      switch sequence.demand {
      case .logits(let label, let moved):
        judgeLogits(batch, sequence.rows, value, gradients[.x] ?? [], label: label, moved: moved)
      case .element(let column, let positive):
        judgeElement(batch, sequence.rows, value, gradients[.x] ?? [], column: column, positive: positive)
      case .minimum(let column, let isFirst):
        judgeMinimum(batch, sequence.rows, value, column: column, isFirst: isFirst, place: &place)
      case .boxes(let isStrict, let directions, let target):
        judgeBoxes(batch, sequence.rows, value, gradients, isStrict: isStrict, directions: directions, target: target)
      }
    }
  }

  /// What the compiled program shows in Float.
  mutating func judgeFloat(_ batch: ProbeBatch, value: [Float], gradients: [Variable: [Float]]) {
    judgeFiniteness(batch, value, gradients, .float)
  }

  private mutating func judgeDependence(_ batch: ProbeBatch, _ gradients: [Variable: [Double]]) {
    guard let probe = batch.probes.first else { return }
    let all = mode.differentiableVariables.flatMap { gradients[$0] ?? [] }
    let largest = all.reduce(0) { $1.isFinite ? max($0, $1.magnitude) : $0 }
    add(.dependsOnPrediction, !all.allSatisfy { $0 == 0 }, largest, probe)
  }

  private mutating func judgeFiniteness<Scalar: BinaryFloatingPoint>(
    _ batch: ProbeBatch, _ value: [Scalar], _ gradients: [Variable: [Scalar]], _ precision: Precision
  ) {
    let width = max(value.count / max(batch.rows, 1), 1)
    for row in 0..<batch.rows {
      let entries = value[(row * width)..<((row + 1) * width)]
      add(.finite(.value, precision), entries.allSatisfy(\.isFinite), nil, batch.probes[row])
      if mode == .regression {
        let size = entries.reduce(0.0) { $1.isNaN ? $0 : max($0, Double($1.magnitude)) }
        add(.valueLimit, size < settings.valueLimit, settings.valueLimit - size, batch.probes[row])
      }
      guard !batch.valueOnly.contains(row) else { continue }
      let isFinite = mode.differentiableVariables.allSatisfy { variable in
        guard let gradient = gradients[variable] else { return true }
        let width = gradient.count / max(batch.rows, 1)
        return gradient[(row * width)..<((row + 1) * width)].allSatisfy(\.isFinite)
      }
      add(.finite(.gradient, precision), isFinite, nil, batch.probes[row])
    }
  }

  // MARK: Sequences

  private mutating func judgeLogits(
    _ batch: ProbeBatch, _ rows: Range<Int>, _ value: [Double], _ gradient: [Double], label: Int, moved: MovedLogits
  ) {
    for row in rows {
      let probe = batch.probes[row]
      if row > rows.lowerBound {
        let fall = value[row - 1] - value[row]
        add(.convergence(moved == .trueLogit ? .fallsInTrueLogit : .risesInOtherLogits), fall > 0, fall, probe)
      }
      guard !gradient.isEmpty else { continue }
      let own = gradient[row * batch.classes + label]
      add(.convergence(.gradientAtTrueLogit), own < 0, -own, probe)
      var others = -own
      for column in 0..<batch.classes { others += gradient[row * batch.classes + column] }
      add(.convergence(.risesInOtherLogits), others > 0, others, probe)
    }
  }

  private mutating func judgeElement(
    _ batch: ProbeBatch, _ rows: Range<Int>, _ value: [Double], _ gradient: [Double], column: Int, positive: Bool
  ) {
    let sign = positive ? -1.0 : 1.0
    let question = PropertyQuestion.convergence(positive ? .fallsAtPositive : .risesAtNegative)
    for row in rows {
      let entry = row * batch.classes + column
      if row > rows.lowerBound {
        let change = sign * (value[entry] - value[entry - batch.classes])
        add(question, change > 0, change, batch.probes[row])
      }
      guard !gradient.isEmpty else { continue }
      add(question, sign * gradient[entry] > 0, sign * gradient[entry], batch.probes[row])
    }
  }

  private mutating func judgeMinimum(
    _ batch: ProbeBatch, _ rows: Range<Int>, _ value: [Double], column: Int, isFirst: Bool, place: inout Int
  ) {
    var least = rows.lowerBound
    for row in rows where value[row * batch.classes + column] < value[least * batch.classes + column] { least = row }
    let found = least - rows.lowerBound
    let before = place
    place = found
    guard !isFirst else { return }
    add(.convergence(.minimumFollowsQuality), found >= before, Double(found - before), batch.probes[least])
  }

  private mutating func judgeBoxes(
    _ batch: ProbeBatch, _ rows: Range<Int>, _ value: [Double], _ gradients: [Variable: [Double]], isStrict: Bool,
    directions: [BoxDirection], target: Int
  ) {
    for row in rows {
      let probe = batch.probes[row]
      let tolerance = settings.riseTolerance * max(value[row].magnitude, value[target].magnitude, 1e-300)
      if row > rows.lowerBound {
        let fall = value[row - 1] - value[row]
        let holds = isStrict ? fall > 0 : !(-fall > tolerance)
        add(
          .convergence(isStrict ? .fallsTowardsTarget : .neverRisesTowardsTarget), holds, Self.tolerated(fall, holds),
          probe)
      }
      let isLeast = !(value[target] > value[row] + tolerance)
      // At the end of the way both are one, but for rounding: no worst probe.
      if !isLeast || !isStrict || row < rows.upperBound - 1 {
        add(.convergence(.leastAtTarget), isLeast, Self.tolerated(value[row] - value[target], isLeast), probe)
      }
      guard isStrict, row > rows.lowerBound, row < rows.upperBound - 1 else { continue }
      let direction = directions[row - rows.lowerBound]
      let slope =
        (gradients[.u]?[row] ?? 0) * direction.union + (gradients[.i]?[row] ?? 0) * direction.intersection
        + (gradients[.e]?[row] ?? 0) * direction.enclosing
      add(.convergence(.slopeTowardsTarget), slope < 0, -slope, probe)
    }
  }
}
