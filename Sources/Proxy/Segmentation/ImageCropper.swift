import CKernels

/// Cuts pieces of one size out of scaled and mirrored pictures: pixels bilinear as centred numbers, labels nearest.
///
/// What lies outside the picture is middle gray and ignored. Nothing is allocated after the start. One thread at a time
/// uses it.
package final class ImageCropper {
  private let picture: PictureCut

  package init(height: Int, width: Int) {
    picture = PictureCut(height: height, width: width)
  }

  package var height: Int { picture.height }
  package var width: Int { picture.width }

  /// Writes height × width × 3 numbers and height × width labels of one crop; with no `draw` the picture as it is, at the
  /// top left.
  package func cut(
    _ source: SegmentationImage, draw: CropOrder.Draw?, pixels: UnsafeMutablePointer<Float>,
    labels: UnsafeMutablePointer<UInt8>
  ) {
    let scale = draw?.scale ?? 1
    picture.lay(
      down: CropAxis(source: source.height, scale: scale, count: height, share: draw?.down ?? 0),
      right: CropAxis(source: source.width, scale: scale, count: width, share: draw?.right ?? 0),
      isMirrored: draw?.image.isFlipped ?? false)
    picture.write(
      source.pixels.bytes, stride: source.width, brightness: draw?.image.brightness ?? 1,
      contrast: draw?.image.contrast ?? 1, to: pixels)
    picture.write(source.labels.labels, stride: source.width, to: labels)
  }

  /// What each cell of stride × stride pixels counts in a mean over the picture that `cut` laid down last: its share of the
  /// picture, so that what lies outside counts nothing and all numbers add up to 1.
  package func writeShares(stride: Int, into shares: UnsafeMutableBufferPointer<Float>) {
    let (rows, columns) = (height / stride, width / stride)
    let (allRows, allColumns) = (Self.inside(picture.rows, 0..<height), Self.inside(picture.columns, 0..<width))
    for column in 0..<columns {
      let own = Self.inside(picture.columns, (column * stride)..<((column + 1) * stride))
      shares[column] = Float(own) / Float(max(1, allColumns))
    }
    // The first row comes last, since the others are made from it.
    for row in (0..<rows).reversed() {
      let share =
        Float(Self.inside(picture.rows, (row * stride)..<((row + 1) * stride))) / Float(max(1, allRows))
      for column in 0..<columns { shares[row * columns + column] = share * shares[column] }
    }
  }

  /// How many rows or columns of a range lie in the picture.
  private static func inside(_ taps: [nn_tap], _ range: Range<Int>) -> Int {
    range.reduce(0) { $0 + (taps[$1].low >= 0 ? 1 : 0) }
  }
}
