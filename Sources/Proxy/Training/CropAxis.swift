import CKernels

/// One axis of a cut out of a scaled picture, the same for pixels and boxes.
struct CropAxis: Hashable, Sendable {
  /// Pixels of the picture, and of the picture when it is scaled.
  let source, extent: Int
  /// Where the cut begins in the scaled picture, in its pixels; negative where it begins outside.
  let start: Int

  /// - Parameters:
  ///   - count: pixels of the cut.
  ///   - share: 0 to 1, where the cut lies in the room that the scaled picture leaves; a smaller picture lies inside the cut, a
  ///     larger one around it.
  init(source: Int, scale: Double, count: Int, share: Double) {
    self.source = source
    extent = max(1, Int((Double(source) * scale).rounded()))
    let room = extent - count
    start = room >= 0 ? Int(Double(room + 1) * share) : -Int(Double(1 - room) * share)
  }

  /// From a place on the picture's axis, in pixels, to the cut's. Of a mirrored picture both are counted after mirroring.
  func place(of position: Float) -> Float { position * Float(extent) / Float(source) - Float(start) }

  /// The other way.
  func position(of place: Float) -> Float { (place + Float(start)) * Float(source) / Float(extent) }

  /// Sets where each row or column of the cut comes from, between two of the picture; a `low` of −1 is outside.
  func fill(_ taps: inout [nn_tap], mirrored: Bool) {
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
      taps[index] = nn_tap(low: Int32(low), high: Int32(min(low + 1, last)), fraction: Float(position - Double(low)))
    }
  }
}
