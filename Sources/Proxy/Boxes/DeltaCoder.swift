import Foundation

/// Four numbers that say where a box lies relative to an anchor or proposal.
public struct BoxDeltas: Hashable, Sendable {
  /// Shifts of the centre, in widths and heights of the anchor, and logarithms of the size ratios, all normalised.
  public var dx, dy, dw, dh: Float

  public init(dx: Float, dy: Float, dw: Float, dh: Float) {
    (self.dx, self.dy, self.dw, self.dh) = (dx, dy, dw, dh)
  }
}

/// Turns boxes into deltas and back (Girshick et al., 2014, appendix C), with the gradient of the way back.
///
/// Deltas are normalised: encoded = (raw − mean) / standard deviation. Raw log sizes are clamped to
/// ±|ln `ratioClip`|. Centres are (x1 + x2) / 2 and sizes x2 − x1 (no + 1).
public struct DeltaCoder: Hashable, Sendable {
  public var means: BoxDeltas
  public var deviations: BoxDeltas
  /// Smallest and largest size ratio of a decoded box: `ratioClip` and its inverse.
  public var ratioClip: Float

  public init(
    means: BoxDeltas = BoxDeltas(dx: 0, dy: 0, dw: 0, dh: 0),
    deviations: BoxDeltas = BoxDeltas(dx: 1, dy: 1, dw: 1, dh: 1), ratioClip: Float = 0.016
  ) {
    (self.means, self.deviations, self.ratioClip) = (means, deviations, ratioClip)
  }

  /// The coder of a region proposal network: no normalisation.
  public static let proposals = DeltaCoder()
  /// The coder of the second stage of Faster R-CNN: standard deviations 0.1, 0.1, 0.2, 0.2.
  public static let secondStage = DeltaCoder(deviations: BoxDeltas(dx: 0.1, dy: 0.1, dw: 0.2, dh: 0.2))

  /// The deltas that lead from `anchor` to `target`; both need positive sides.
  public func encode(_ target: BoundingBox, anchor: BoundingBox) -> BoxDeltas {
    let (pw, ph) = (anchor.x2 - anchor.x1, anchor.y2 - anchor.y1)
    let (gw, gh) = (target.x2 - target.x1, target.y2 - target.y1)
    let dx = ((target.x1 + target.x2) * 0.5 - (anchor.x1 + anchor.x2) * 0.5) / pw
    let dy = ((target.y1 + target.y2) * 0.5 - (anchor.y1 + anchor.y2) * 0.5) / ph
    return BoxDeltas(
      dx: (dx - means.dx) / deviations.dx, dy: (dy - means.dy) / deviations.dy,
      dw: (logf(gw / pw) - means.dw) / deviations.dw, dh: (logf(gh / ph) - means.dh) / deviations.dh)
  }

  /// The box that the deltas describe, cut to the area 0 ... width, 0 ... height when that is given.
  public func decode(_ deltas: BoxDeltas, anchor: BoundingBox, clippedTo area: ImageArea? = nil) -> BoundingBox {
    let box = Decoding(deltas, anchor: anchor, coder: self).box
    guard let area else { return box }
    return area.clip(box)
  }

  /// The gradient with respect to the deltas, given that with respect to the decoded box's coordinates.
  ///
  /// Zero flows through a clamped log size and through a coordinate on or outside the border of the clipping area.
  public func gradient(
    of deltas: BoxDeltas, anchor: BoundingBox, upstream: BoundingBox, clippedTo area: ImageArea? = nil
  ) -> BoxDeltas {
    let decoding = Decoding(deltas, anchor: anchor, coder: self)
    let g = area.map { $0.masked(upstream, by: decoding.box) } ?? upstream
    return BoxDeltas(
      dx: (g.x1 + g.x2) * decoding.anchorWidth * deviations.dx,
      dy: (g.y1 + g.y2) * decoding.anchorHeight * deviations.dy,
      dw: decoding.freeWidth ? (g.x2 - g.x1) * 0.5 * decoding.width * deviations.dw : 0,
      dh: decoding.freeHeight ? (g.y2 - g.y1) * 0.5 * decoding.height * deviations.dh : 0)
  }
}

/// The intermediate values of one decoding, shared by value and gradient.
private struct Decoding {
  let anchorWidth, anchorHeight, width, height: Float
  /// False where the clamp of the log size acts.
  let freeWidth, freeHeight: Bool
  let box: BoundingBox

  init(_ deltas: BoxDeltas, anchor: BoundingBox, coder: DeltaCoder) {
    let limit = abs(logf(coder.ratioClip))
    let dw = deltas.dw * coder.deviations.dw + coder.means.dw
    let dh = deltas.dh * coder.deviations.dh + coder.means.dh
    anchorWidth = anchor.x2 - anchor.x1
    anchorHeight = anchor.y2 - anchor.y1
    width = anchorWidth * expf(min(max(dw, -limit), limit))
    height = anchorHeight * expf(min(max(dh, -limit), limit))
    freeWidth = abs(dw) < limit
    freeHeight = abs(dh) < limit
    let dx = deltas.dx * coder.deviations.dx + coder.means.dx
    let dy = deltas.dy * coder.deviations.dy + coder.means.dy
    let x = (anchor.x1 + anchor.x2) * 0.5 + anchorWidth * dx
    let y = (anchor.y1 + anchor.y2) * 0.5 + anchorHeight * dy
    box = BoundingBox(x1: x - width * 0.5, y1: y - height * 0.5, x2: x + width * 0.5, y2: y + height * 0.5)
  }
}
