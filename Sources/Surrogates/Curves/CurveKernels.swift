import CKernels
import Losses

/// The curves of a surrogate as the kernels read them, in Float.
final class CurveKernels {
  private let pieces: UnsafeMutablePointer<segment_piece>
  /// One for each curve.
  let curves: UnsafeMutablePointer<segment_curve>

  init(_ curves: [SurrogateCurve]) {
    pieces = .allocate(capacity: max(1, curves.reduce(0) { $0 + $1.pieces.count }))
    self.curves = .allocate(capacity: max(1, curves.count))
    var next = pieces
    for (index, curve) in curves.enumerated() {
      self.curves[index] = segment_curve(pieces: next, count: Int32(curve.pieces.count))
      for piece in curve.pieces {
        next.initialize(to: segment_piece(piece))
        next += 1
      }
    }
  }

  deinit {
    pieces.deallocate()
    curves.deallocate()
  }
}

extension segment_piece {
  init(_ piece: SurrogateCurve.Piece) {
    self.init(
      begin: Float(piece.begin), end: Float(piece.end), scale: Float(1 / (piece.end - piece.begin)),
      a: Float(piece.middle), y: Float(piece.y.first), first: Float(2 * (piece.y.middle - piece.y.first)),
      last: Float(2 * (piece.y.last - piece.y.middle)))
  }
}

extension SurrogateCurve {
  /// y and slope at each x in Float, by the kernels of an instruction set.
  public func evaluate(_ x: [Float], instructions: InstructionSet = .best) -> (values: [Float], slopes: [Float]) {
    let kernels = CurveKernels([self])
    var values = [Float](repeating: 0, count: x.count)
    var slopes = values
    segment_curve_values(instructions.rawValue, kernels.curves, x, Int64(x.count), &values, &slopes)
    return (values, slopes)
  }
}
