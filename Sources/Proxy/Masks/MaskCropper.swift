import CKernels
import Tensors

/// Cuts the masks that regions are to reach out of the objects' masks: RoIAlign on the bitmap, half of a cell decides
/// (mmdetection's crop_and_resize). Keeps its work space; one per thread.
package final class MaskCropper {
  private let side: Int
  /// The present mask, column after column, as COCO orders it.
  private var bitmap = AlignedBuffer(count: 0)
  private var work = AlignedBuffer(count: 0)
  private let values: AlignedBuffer
  private let corners = AlignedBuffer(count: 4)

  /// - Parameter side: cells of a target along each side, 1 to 64.
  package init(side: Int) {
    self.side = side
    values = AlignedBuffer(count: side * side)
  }

  /// The targets of boxes in pixels of the mask: side × side each, row after row; `isMirrored` left to right.
  package func targets(of mask: InstanceMask, boxes: [(box: BoundingBox, isMirrored: Bool)]) -> [[Bool]] {
    draw(mask)
    // The bitmap lies transposed, so the axes of boxes and results change places.
    var shape = nn_roi_shape(
      height: Int64(mask.width), width: Int64(mask.height), channels: 1, bins_high: Int64(side), bins_wide: Int64(side),
      sampling_ratio: 0, aligned: 1, blocked: 0, scale: 1)
    let needed = Int(nn_roi_align_work(&shape))
    if work.count < needed { work = AlignedBuffer(count: needed) }
    return boxes.map { box, isMirrored in
      for (place, corner) in [box.y1, box.x1, box.y2, box.x2].enumerated() { corners.pointer[place] = corner }
      nn_roi_align_forward(bitmap.pointer, corners.pointer, values.pointer, &shape, work.pointer)
      return (0..<side * side).map { pixel in
        let (y, x) = (pixel / side, pixel % side)
        return values.pointer[(isMirrored ? side - 1 - x : x) * side + y] >= 0.5
      }
    }
  }

  private func draw(_ mask: InstanceMask) {
    let pixels = mask.width * mask.height
    if bitmap.count < pixels { bitmap = AlignedBuffer(count: pixels) }
    var place = bitmap.pointer
    for (index, count) in mask.counts.enumerated() {
      place.update(repeating: index % 2 == 1 ? 1 : 0, count: count)
      place += count
    }
  }
}
