import Foundation

/// A picture file as the cache keeps it: decoded and resized, or the reason why it could not be.
struct DecodedPicture: Hashable, Sendable {
  enum Outcome: Hashable, Sendable {
    /// Resized content without padding; `damage` where the decoder complained but went on.
    case decoded(content: RGBImage, originalWidth: Int, originalHeight: Int, damage: String?)
    case failed(reason: String)
  }

  let outcome: Outcome

  /// Decodes and resizes.
  init(bytes: [UInt8], height: Int, width: Int) {
    do throws(ImageDecoder.Failure) {
      let decoded = try ImageDecoder.decode(bytes)
      let placement = ImagePlacement(
        originalWidth: decoded.image.width, originalHeight: decoded.image.height, height: height, width: width)
      outcome = .decoded(
        content: ImageResizer.resize(decoded.image, to: placement), originalWidth: decoded.image.width,
        originalHeight: decoded.image.height, damage: decoded.damage)
    } catch {
      outcome = .failed(reason: error.reason)
    }
  }

  init(outcome: Outcome) {
    self.outcome = outcome
  }
}
