import CKernels
import Formulas

/// Evaluates one formula after the other on probe batches, in Double, with room that is kept between formulas.
///
/// The fast way to what `ReferenceEvaluator` defines: the same operations in the same order, but for the elementary
/// functions, which are the vectors of CKernels (2 ulp). Owned by one thread at a time.
final class ScreenEvaluator {
  private let level = screen_best_level()
  private var steps: UnsafeMutablePointer<screen_step>
  private var flags: UnsafeMutablePointer<UInt8>
  private var values: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>
  private var gradients: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>
  private var room: UnsafeMutablePointer<Double>
  /// Nodes that there is room for.
  private var capacity = 0
  /// Doubles that a node's value takes in one block.
  private let width: Int
  private let facts: RowFacts
  let floatResults: FloatResults

  /// The shapes of the nodes of the formula to be loaded.
  var shapes: [NodeShape] = []
  private var count = 0
  private var mode = Mode.multiClass
  /// The formula's variables: index of the variable and node.
  private var leaves: [(variable: Int, node: Int)] = []
  private var hasOrder = false

  private static let depends: UInt8 = 1
  private static let rounded: UInt8 = 2
  private static let written: UInt8 = 4

  /// Room for formulas on these batches.
  init(for batches: [ProbeBatch]) {
    width = batches.reduce(8) { max($0, Self.tilesOfBlock(classes: $1.classes) * $1.classes * 8) }
    facts = RowFacts(rows: batches.reduce(8) { max($0, $1.rows) })
    floatResults = FloatResults(for: batches)
    steps = .allocate(capacity: 0)
    flags = .allocate(capacity: 0)
    values = .allocate(capacity: 0)
    gradients = .allocate(capacity: 0)
    room = AlignedDoubles.allocate(0)
    grow(to: 64)
  }

  deinit { free() }

  /// Blocks of about 2 KiB a value stay in the first cache.
  private static func tilesOfBlock(classes: Int) -> Int { max(1, 32 / max(classes, 1)) }

  private func free() {
    steps.deallocate()
    flags.deallocate()
    values.deallocate()
    gradients.deallocate()
    room.deallocate()
  }

  private func grow(to nodes: Int) {
    guard nodes > capacity else { return }
    free()
    capacity = max(nodes, 2 * capacity)
    steps = .allocate(capacity: capacity)
    flags = .allocate(capacity: capacity)
    values = .allocate(capacity: capacity)
    gradients = .allocate(capacity: capacity)
    room = AlignedDoubles.allocate(2 * capacity * width)
    for node in 0..<capacity { gradients[node] = room + (2 * node + 1) * width }
  }

  /// Takes a formula whose nodes have the shapes in `shapes` and couple no samples.
  func load(_ formula: Formula, mode: Mode) {
    grow(to: formula.nodeCount)
    count = formula.nodeCount
    self.mode = mode
    hasOrder = false
    leaves.removeAll(keepingCapacity: true)
    for (index, node) in formula.nodes.enumerated() {
      var step = screen_step()
      let own = room + 2 * index * width
      values[index] = own
      switch node {
      case .variable(let variable):
        leaves.append((variable.index, index))
        flags[index] = mode.isDifferentiable(variable) ? Self.depends : 0
      case .constant(let value):
        for lane in 0..<8 { own[lane] = value }
        flags[index] = 0
      case .unary(let primitive, let child):
        step.op = primitive.code
        step.extent = Self.extent(shapes[child])
        (step.a, step.b) = (Int32(truncatingIfNeeded: child), Int32(truncatingIfNeeded: child))
        step.a_extent = step.extent
        step.a_depends = flags[child] & Self.depends
        step.is_rounded = flags[child] & Self.rounded
        flags[index] = flags[child] | (Self.rounds(primitive) ? Self.rounded : 0)
      case .binary(let primitive, let left, let right):
        step.op = primitive.code
        (step.a_extent, step.b_extent) = (Self.extent(shapes[left]), Self.extent(shapes[right]))
        step.extent = max(step.a_extent, step.b_extent)
        (step.a, step.b) = (Int32(truncatingIfNeeded: left), Int32(truncatingIfNeeded: right))
        (step.a_depends, step.b_depends) = (flags[left] & Self.depends, flags[right] & Self.depends)
        step.is_rounded = (flags[left] | flags[right]) & Self.rounded
        flags[index] = flags[left] | flags[right]
      }
      steps[index] = step
    }
  }

  /// Whether an elementary function stands in the formula, so that its numbers differ from the plain evaluator's.
  private var isRounded: Bool { flags[count - 1] & Self.rounded != 0 }

  /// Judges the loaded formula on a batch. Where a comparison or a sum comes within the difference of the two evaluators, the
  /// rows around are evaluated with the functions of the plain one.
  /// - Returns: the rejection; nil when all properties hold.
  func judge(_ batch: ProbeBatch, _ settings: VerificationSettings, isFirst: Bool) -> Rejection? {
    if !batch.asksForValuesOnly { orderWrites() }
    let block = Self.tilesOfBlock(classes: batch.classes)
    var plain = PlainRows(rows: batch.rows, block: 8 * block)
    for tile in stride(from: 0, to: batch.tiles.tiles, by: block) {
      let tiles = min(block, batch.tiles.tiles - tile)
      if evaluate(batch, from: tile, tiles: tiles, level: level) {
        _ = evaluate(batch, from: tile, tiles: tiles, level: Self.plainLevel)
        plain.insert(8 * tile)
      }
    }
    while true {
      var judge = ProbeJudge(
        settings, mode: mode, batch: batch, isFirst: isFirst, facts: facts, plainRows: plain)
      let rejection = judge.rejection()
      guard isRounded, !judge.doubtfulRows.isEmpty else { return rejection }
      for row in judge.doubtfulRows where !plain.contains(row) {
        plain.insert(row)
        let tile = row / (8 * block) * block
        _ = evaluate(batch, from: tile, tiles: min(block, batch.tiles.tiles - tile), level: Self.plainLevel)
      }
    }
  }

  private static let plainLevel = Int32(SCREEN_PLAIN.rawValue)

  /// Fills the facts of some tiles; true, and nothing is filled, where the kernels' rounding could decide.
  private func evaluate(_ batch: ProbeBatch, from tile: Int, tiles: Int, level: Int32) -> Bool {
    for leaf in leaves { values[leaf.node] = batch.tiles.input(leaf.variable, tile: tile) }
    let (classes, length) = (Int32(batch.classes), Int32(tiles))
    if screen_forward(level, steps, Int32(count), length, classes, values) != 0 { return true }
    let mask = batch.tiles.mask + tile * batch.classes * 8
    let row = tile * 8
    guard let result = values[count - 1] else { return true }
    if mode == .binaryClass {
      screen_rows(
        level, result, mask, length, classes, facts.column(.value) + row, facts.column(.others) + row,
        facts.column(.valueSize) + row)
    } else {
      for lane in 0..<(tiles * 8) {
        facts.column(.value)[row + lane] = result[lane]
        facts.column(.valueSize)[row + lane] = result[lane].magnitude
      }
    }
    if batch.asksForValuesOnly { return false }
    guard let seed = gradients[count - 1] else { return true }
    seed.update(repeating: 1, count: tiles * 8 * (mode == .binaryClass ? batch.classes : 1))
    screen_backward(level, steps, Int32(count), length, classes, values, gradients)
    switch mode {
    case .multiClass, .binaryClass:
      guard let gradient = gradient(of: .x) else { return true }
      screen_rows(
        level, gradient, mask, length, classes, facts.column(.own) + row, facts.column(.others) + row,
        facts.column(.size) + row)
    case .regression:
      copy(gradient(of: .u), to: facts.column(.own) + row, count: tiles * 8)
      copy(gradient(of: .i), to: facts.column(.others) + row, count: tiles * 8)
      copy(gradient(of: .e), to: facts.column(.size) + row, count: tiles * 8)
    }
    return false
  }

  private func gradient(of variable: Variable) -> UnsafeMutablePointer<Double>? {
    for leaf in leaves where leaf.variable == variable.index { return gradients[leaf.node] }
    return nil
  }

  /// Zeros where there is no gradient.
  private func copy(_ source: UnsafeMutablePointer<Double>?, to place: UnsafeMutablePointer<Double>, count: Int) {
    if let source {
      place.update(from: source, count: count)
    } else {
      place.update(repeating: 0, count: count)
    }
  }

  /// Marks the first to write each gradient, from the root down.
  private func orderWrites() {
    guard !hasOrder else { return }
    hasOrder = true
    for index in stride(from: count - 1, through: 0, by: -1) {
      let (a, b) = (Int(steps[index].a), Int(steps[index].b))
      if steps[index].a_depends != 0 {
        steps[index].a_first = flags[a] & Self.written == 0 ? 1 : 0
        flags[a] |= Self.written
      }
      if steps[index].b_depends != 0 {
        steps[index].b_first = flags[b] & Self.written == 0 ? 1 : 0
        flags[b] |= Self.written
      }
    }
  }

  private static func extent(_ shape: NodeShape) -> UInt8 {
    switch shape.value {
    case .rankZero, .one: 0
    case .perSample: 1
    case .perElement: 2
    }
  }

  /// Whether the kernels' function and that of libm may differ.
  private static func rounds(_ primitive: Primitive) -> Bool {
    switch primitive {
    case .exp, .log, .softmax, .softplus, .sig, .sgdf, .serf, .tanh, .sin, .cos: true
    case .neg, .abs, .sqrt, .salf, .relu, .add, .sub, .mul, .div, .dot: false
    }
  }
}
