import Formulas
import Losses

/// A published loss that is measured.
enum LossCase: String, CaseIterable {
  /// CSE-Autoloss-B, classification (BINARY_CLS).
  case classification = "formula-cls"
  /// CSE-Autoloss-B, box regression (REG).
  case regression = "formula-reg"

  var mode: Mode {
    switch self {
    case .classification: .binaryClass
    case .regression: .regression
    }
  }

  var text: String { BuiltInLoss.cseAutolossB.text(in: mode) ?? "" }

  /// C: 80 where it divides the elements (COCO), else 16; 1 for boxes.
  func classes(elements: Int) -> Int {
    switch self {
    case .classification: elements % 80 == 0 ? 80 : 16
    case .regression: 1
    }
  }
}

/// Who evaluates it.
enum Contestant: String, CaseIterable {
  /// The compiled program, value and gradient.
  case ours
  /// The compiled program, value alone.
  case oursValue = "ours-value"
  /// The loop by hand.
  case fused = "c-fused"
  /// The loop by hand with stores past the caches.
  case fusedStreaming = "c-fused-streaming"

  /// Whether it computes the gradient as well.
  var hasGradient: Bool {
    switch self {
    case .ours, .fused, .fusedStreaming: true
    case .oursValue: false
    }
  }
}
