import CKernels
import Tensors

/// Cuts pieces of one size out of scaled and mirrored pictures: pixels bilinear as centred numbers, labels nearest.
///
/// What lies outside the picture is middle gray and ignored. Nothing is allocated after the start. One thread at a time
/// uses it.
package final class ImageCropper {
  package let height, width: Int
  private var rowTaps: [nn_tap]
  private var columnTaps: [nn_tap]
  private let work: AlignedBuffer

  package init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    let outside = nn_tap(low: -1, high: -1, fraction: 0)
    rowTaps = [nn_tap](repeating: outside, count: height)
    columnTaps = [nn_tap](repeating: outside, count: width)
    work = AlignedBuffer(count: 6 * width)
  }

  /// Writes height × width × 3 numbers and height × width labels of one crop; with no `draw` the picture as it is, at the
  /// top left.
  package func cut(
    _ source: SegmentationImage, draw: CropOrder.Draw?, pixels: UnsafeMutablePointer<Float>,
    labels: UnsafeMutablePointer<UInt8>
  ) {
    let scale = draw?.scale ?? 1
    Self.fill(&rowTaps, source: source.height, scale: scale, share: draw?.down ?? 0, mirrored: false)
    Self.fill(
      &columnTaps, source: source.width, scale: scale, share: draw?.right ?? 0,
      mirrored: draw?.image.isFlipped ?? false)
    // A change of brightness b and contrast c maps p to (p · b − centre) · c.
    let factor = InputImage.scale * (draw?.image.contrast ?? 1)
    let brightness = draw?.image.brightness ?? 1
    rowTaps.withUnsafeBufferPointer { rows in
      columnTaps.withUnsafeBufferPointer { columns in
        var crop = nn_crop(
          source_width: Int64(source.width), height: Int64(height), width: Int64(width), row_taps: rows.baseAddress,
          column_taps: columns.baseAddress, gain: factor * brightness, offset: -InputImage.center * factor,
          padding: InputImage.center / brightness)
        source.pixels.bytes.withUnsafeBufferPointer { nn_crop_pixels($0.baseAddress, pixels, &crop, work.pointer) }
        source.labels.labels.withUnsafeBufferPointer { nn_crop_labels($0.baseAddress, labels, &crop) }
      }
    }
  }

  /// What each cell of stride × stride pixels counts in a mean over the picture that `cut` laid down last: its share of the
  /// picture, so that what lies outside counts nothing and all numbers add up to 1.
  package func writeShares(stride: Int, into shares: UnsafeMutableBufferPointer<Float>) {
    let (rows, columns) = (height / stride, width / stride)
    let (allRows, allColumns) = (Self.inside(rowTaps, 0..<height), Self.inside(columnTaps, 0..<width))
    for column in 0..<columns {
      let own = Self.inside(columnTaps, (column * stride)..<((column + 1) * stride))
      shares[column] = Float(own) / Float(max(1, allColumns))
    }
    // The first row comes last, since the others are made from it.
    for row in (0..<rows).reversed() {
      let share =
        Float(Self.inside(rowTaps, (row * stride)..<((row + 1) * stride))) / Float(max(1, allRows))
      for column in 0..<columns { shares[row * columns + column] = share * shares[column] }
    }
  }

  /// How many rows or columns of a range lie in the picture.
  private static func inside(_ taps: [nn_tap], _ range: Range<Int>) -> Int {
    range.reduce(0) { $0 + (taps[$1].low >= 0 ? 1 : 0) }
  }

  /// Where each row or column of the crop comes from; `share` of the room decides where it begins.
  private static func fill(_ taps: inout [nn_tap], source: Int, scale: Double, share: Double, mirrored: Bool) {
    let extent = max(1, Int((Double(source) * scale).rounded()))
    let room = extent - taps.count
    // A smaller picture lies anywhere inside the crop, a larger one around it.
    let start = room >= 0 ? Int((Double(room + 1) * share)) : -Int(Double(1 - room) * share)
    let step = Double(source) / Double(extent)
    let last = source - 1
    for index in taps.indices {
      let place = start + index
      guard (0..<extent).contains(place) else {
        taps[index] = nn_tap(low: -1, high: -1, fraction: 0)
        continue
      }
      let at = (Double(mirrored ? extent - 1 - place : place) + 0.5) * step - 0.5
      let position = min(max(at, 0), Double(last))
      let low = min(Int(position), max(0, last - 1))
      taps[index] = nn_tap(
        low: Int32(low), high: Int32(min(low + 1, last)), fraction: Float(position - Double(low)))
    }
  }
}
