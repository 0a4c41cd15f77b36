import CKernels
import Randomness
import Testing

/// One operation of the screen's kernels on random numbers and on those where functions change their form.
@Suite struct ScreenKernelTests {
  static let special: [Double] = [
    0, -0.0, 1, -1, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNormalMagnitude / 64, 1e-20, 88,
    88.00000000000001, 20,
    20.000000000000004, 1e308, -1e308, 1e6, 1e5, -745, -708.5, 36.7, 0.41421356237309503, .pi, .pi / 2,
  ]

  /// A number of any kind.
  static func number(_ random: inout SeededGenerator) -> Double {
    switch random.index(below: 4) {
    case 0: special[random.index(below: special.count)]
    case 1: Double(bitPattern: random.next())
    case 2: random.uniform(-1, 1) * 1e3
    case _: random.uniform(-10, 10)
    }
  }

  /// Aligned room that goes away with it.
  final class Room {
    let numbers: UnsafeMutablePointer<Double>
    private let count: Int

    init(_ values: [Double]) {
      count = values.count
      let bytes = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 64)
      numbers = bytes.bindMemory(to: Double.self, capacity: count)
      numbers.initialize(from: values, count: count)
    }

    deinit { UnsafeMutableRawPointer(numbers).deallocate() }

    /// Every nan as one.
    var bits: [UInt64] { (0..<count).map { numbers[$0].isNaN ? Double.nan.bitPattern : numbers[$0].bitPattern } }
  }

  /// An operation with its operands and the gradient from above.
  struct Operation {
    var step = screen_step()
    let tiles: Int32
    let classes: Int32
    let a, b, up: [Double]

    init(_ random: inout SeededGenerator) {
      let op = 1 + random.index(below: 20)
      let isBinary = op >= Int(SCREEN_ADD.rawValue)
      (tiles, classes) = (Int32(random.integer(in: 1...3)), Int32(random.integer(in: 1...5)))
      let isOfElements = op == Int(SCREEN_SOFTMAX.rawValue) || op == Int(SCREEN_DOT.rawValue)
      let extent = isOfElements ? 2 : random.index(below: 3)
      let counts = [8, 8 * Int(tiles), 8 * Int(tiles * classes)]
      let alone = isBinary ? random.index(below: 4) : 3
      let (left, right) = (alone == 0 ? 0 : extent, alone == 1 ? 0 : extent)
      step.op = UInt8(op)
      step.extent = UInt8(extent)
      (step.a_extent, step.b_extent) = (UInt8(left), UInt8(right))
      (step.a, step.b) = (0, isBinary ? 1 : 0)
      (step.a_depends, step.b_depends) = (left == extent ? 1 : 0, isBinary && right == extent ? 1 : 0)
      (step.a_first, step.b_first) = (1, 1)
      step.is_rounded = random.chance(0.5) ? 1 : 0
      func operand(_ extent: Int) -> [Double] {
        guard extent > 0 else { return Array(repeating: ScreenKernelTests.number(&random), count: 8) }
        return (0..<counts[extent]).map { _ in ScreenKernelTests.number(&random) }
      }
      a = operand(left)
      b = operand(right)
      up = operand(op == Int(SCREEN_DOT.rawValue) ? 1 : extent)
    }

    /// Whether the result is doubtful, and the bits of value and gradients; the value's are none where it is doubtful.
    func run(_ level: Int32) -> (isDoubtful: Bool, bits: [[UInt64]]) {
      let leaf = screen_step()
      let values = [Room(a), Room(b), Room(up.map { _ in 0 })]
      let gradients = [Room(a.map { _ in 0 }), Room(b.map { _ in 0 }), Room(up)]
      let isDoubtful =
        screen_forward(level, [leaf, leaf, step], 3, tiles, classes, values.map { Optional($0.numbers) }) != 0
      if isDoubtful { return (true, []) }
      screen_backward(
        level, [leaf, leaf, step], 3, tiles, classes, values.map { Optional($0.numbers) },
        gradients.map { Optional($0.numbers) })
      return (false, [values[2].bits, gradients[0].bits, gradients[1].bits])
    }
  }

  @Test func everyInstructionSetGivesTheSameBits() {
    let levels = Int32(SCREEN_BASELINE.rawValue)...screen_best_level()
    var doubtful = 0
    for seed in 0..<UInt64(20_000) {
      var random = SeededGenerator(seed: seed, stream: "screen kernels")
      let operation = Operation(&random)
      let baseline = operation.run(Int32(SCREEN_BASELINE.rawValue))
      if baseline.isDoubtful { doubtful += 1 }
      for level in levels.dropFirst() {
        let found = operation.run(level)
        #expect(found == baseline, "seed \(seed), operation \(operation.step.op), level \(level)")
      }
    }
    #expect((100..<10_000).contains(doubtful), "\(doubtful) doubtful results")
  }

  /// The plain kernels are never in doubt, and are finite, infinite and nan where the fast ones are.
  @Test func thePlainKernelsAreOfTheSameKind() {
    for seed in 0..<UInt64(20_000) {
      var random = SeededGenerator(seed: seed, stream: "plain kernels")
      let operation = Operation(&random)
      let plain = operation.run(Int32(SCREEN_PLAIN.rawValue))
      #expect(!plain.isDoubtful, "seed \(seed), operation \(operation.step.op)")
      let fast = operation.run(screen_best_level())
      guard !fast.isDoubtful else { continue }
      for (own, other) in zip(fast.bits.joined(), plain.bits.joined()) {
        let (own, other) = (Double(bitPattern: own), Double(bitPattern: other))
        #expect(
          own == other || own.isNaN && other.isNaN || own.isFinite && other.isFinite,
          "seed \(seed), operation \(operation.step.op): \(own), plainly \(other)")
      }
    }
  }
}
