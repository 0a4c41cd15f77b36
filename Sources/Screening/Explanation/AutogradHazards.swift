import Formulas
import Losses

/// Quotients whose backward overflows in PyTorch, so that the gradient of a formula typed into PyTorch is not finite where
/// ours is; the Python package and the modules of `eval-expr --format python` divide as we do.
///
/// The divisor's gradient is −g ((a ÷ d) ÷ d) in autograd, −(g ÷ d) (a ÷ d) in the compiled program. Where only eps = 1e-20
/// keeps d from 0, (a ÷ d) ÷ d is infinite in Float, and times g = 0 it is nan.
extension RoundingHazards {
  /// One for each such quotient, at the mildest row; of fp32 alone, in which exported losses compute.
  func autogradOverflows() -> [Hazard] {
    guard format == .fp32 else { return [] }
    return nodes.indices.compactMap { index in
      guard case .binary(.div, let dividend, let divisor) = nodes[index], search.tracer.depends[divisor] else {
        return nil
      }
      return trace.values[index].indices.lazy.compactMap { autogradOverflow(index, dividend, divisor, $0) }.first
    }
  }

  private func autogradOverflow(_ index: Int, _ dividend: Int, _ divisor: Int, _ place: Int) -> Hazard? {
    func number(_ values: [Double]) -> Double { values[values.count == 1 ? 0 : min(place, values.count - 1)] }
    let shifted = format.rounded(number(trace.values[divisor]) + format.rounded(ReferenceFunctions.epsilon))
    let (quotient, upstream) = (trace.values[index][place], number(trace.adjoints[index]))
    let ours = format.rounded(format.rounded(upstream / shifted) * quotient)
    let row = search.row(of: place, in: trace.values[index])
    guard quotient.isFinite, ours.isFinite, !format.rounded(quotient / shifted).isFinite,
      entries(of: row).allSatisfy({ gradient[$0].isFinite })
    else { return nil }
    let theirs = upstream == 0 ? "nan" : "infinite"
    return hazard(
      .fp32AutogradOverflow, index, row,
      "with a = \(number(trace.values[dividend]).brief) and d = \(shifted.brief), (a ÷ d) ÷ d is infinite, the gradient "
        + "of d is \(theirs) in PyTorch, \((0 - ours).brief) here")
  }
}
