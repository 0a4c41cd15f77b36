import CKernels
import Tensors

/// Cuts of one size out of scaled and mirrored pictures, laid down one after the other: pixels bilinear as centred numbers,
/// middle gray outside the picture.
///
/// Nothing is allocated after the start. One thread at a time uses it.
package final class PictureCut {
  package let height, width: Int
  private(set) var rows: [nn_tap]
  private(set) var columns: [nn_tap]
  private let work: AlignedBuffer

  package init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    let outside = nn_tap(low: -1, high: -1, fraction: 0)
    rows = [nn_tap](repeating: outside, count: height)
    columns = [nn_tap](repeating: outside, count: width)
    work = AlignedBuffer(count: 6 * width)
  }

  /// Lays down the next cut; a mirrored picture has left and right changed before it is cut.
  func lay(down: CropAxis, right: CropAxis, isMirrored: Bool) {
    down.fill(&rows, mirrored: false)
    right.fill(&columns, mirrored: isMirrored)
  }

  /// Writes height × width × 3 numbers of a picture whose lines in `pixels` are `stride` pixels long.
  ///
  /// A change of brightness b and contrast c maps p to (p · b − centre) · c.
  func write(
    _ pixels: [UInt8], stride: Int, brightness: Float, contrast: Float, to target: UnsafeMutablePointer<Float>
  ) {
    let factor = InputImage.scale * contrast
    withCrop(
      stride: stride, gain: factor * brightness, offset: -InputImage.center * factor,
      padding: InputImage.center / brightness
    ) { crop in
      pixels.withUnsafeBufferPointer { nn_crop_pixels($0.baseAddress, target, &crop, work.pointer) }
    }
  }

  /// Writes the nearest of a picture's labels, height × width of them; 255 outside.
  func write(_ labels: [UInt8], stride: Int, to target: UnsafeMutablePointer<UInt8>) {
    withCrop(stride: stride, gain: 1, offset: 0, padding: 0) { crop in
      labels.withUnsafeBufferPointer { nn_crop_labels($0.baseAddress, target, &crop) }
    }
  }

  private func withCrop(
    stride: Int, gain: Float, offset: Float, padding: Float, _ body: (inout nn_crop) -> Void
  ) {
    rows.withUnsafeBufferPointer { rows in
      columns.withUnsafeBufferPointer { columns in
        var crop = nn_crop(
          source_width: Int64(stride), height: Int64(height), width: Int64(width), row_taps: rows.baseAddress,
          column_taps: columns.baseAddress, gain: gain, offset: offset, padding: padding)
        body(&crop)
      }
    }
  }
}
