import CPNG
import CTurboJPEG

/// Turns JPEG and PNG files into RGB of 8 bits; gray, palette, alpha, 16-bit and CMYK pictures are converted, JPEGs turned
/// as their EXIF orientation says.
package enum ImageDecoder {
  /// Why a file is no picture for us.
  package struct Failure: Error, Hashable {
    package let reason: String
  }

  /// A picture, and what was wrong with it if it could be decoded nevertheless.
  package struct Decoded {
    package let image: RGBImage
    package let damage: String?
  }

  /// Larger pictures are refused before memory is taken: 100 megapixels.
  static let mostPixels = 100_000_000

  package static func decode(_ bytes: [UInt8]) throws(Failure) -> Decoded {
    if bytes.starts(with: [0xFF, 0xD8]) { return try decodeJPEG(bytes) }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return try decodePNG(bytes) }
    throw Failure(reason: bytes.isEmpty ? "the file is empty" : "neither JPEG nor PNG")
  }

  private static func check(width: Int, height: Int) throws(Failure) {
    guard width > 0, height > 0, width <= mostPixels / height else {
      throw Failure(reason: "\(width) x \(height) pixels, at most \(mostPixels) are read")
    }
  }
}

// JPEG through libjpeg-turbo.
extension ImageDecoder {
  private static func decodeJPEG(_ bytes: [UInt8]) throws(Failure) -> Decoded {
    guard let handle = tjInitDecompress() else { throw Failure(reason: "libjpeg-turbo cannot start") }
    defer { tjDestroy(handle) }
    var (width, height, subsampling, colorspace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let size = UInt(bytes.count)
    guard tjDecompressHeader3(handle, bytes, size, &width, &height, &subsampling, &colorspace) == 0 else {
      throw Failure(reason: message(handle))
    }
    try check(width: Int(width), height: Int(height))
    let isCMYK = colorspace == Int32(TJCS_CMYK.rawValue) || colorspace == Int32(TJCS_YCCK.rawValue)
    let format = Int32(isCMYK ? TJPF_CMYK.rawValue : TJPF_RGB.rawValue)
    var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * (isCMYK ? 4 : 3))
    let accurate = Int32(TJFLAG_ACCURATEDCT)
    let status = tjDecompress2(handle, bytes, size, &pixels, width, 0, height, format, accurate)
    let damage = status == 0 ? nil : message(handle)
    if let damage, tjGetErrorCode(handle) != Int32(TJERR_WARNING.rawValue) || damage.contains("remature end") {
      throw Failure(reason: damage)
    }
    if isCMYK { pixels = rgb(invertedCMYK: pixels) }
    let image = RGBImage(width: Int(width), height: Int(height), bytes: pixels)
    return Decoded(image: ImageOrientation(jpeg: bytes).upright(image), damage: damage)
  }

  /// Adobe stores CMYK inverted: 255 is no ink.
  private static func rgb(invertedCMYK pixels: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count / 4 * 3)
    for start in stride(from: 0, to: pixels.count, by: 4) {
      let black = Int(pixels[start + 3])
      for channel in 0..<3 { result.append(UInt8((Int(pixels[start + channel]) * black + 127) / 255)) }
    }
    return result
  }

  private static func message(_ handle: tjhandle) -> String {
    guard let text = tjGetErrorStr2(handle) else { return "libjpeg-turbo gives no reason" }
    return String(cString: text)
  }
}

// PNG through libpng's simplified interface.
extension ImageDecoder {
  private static func decodePNG(_ bytes: [UInt8]) throws(Failure) -> Decoded {
    var header = png_image()
    header.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&header) }
    guard png_image_begin_read_from_memory(&header, bytes, bytes.count) != 0 else {
      throw Failure(reason: message(header))
    }
    try check(width: Int(header.width), height: Int(header.height))
    header.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    // Pictures of 16 bits without a gamma are sRGB like others, not linear light.
    header.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
    var pixels = [UInt8](repeating: 0, count: Int(header.width) * Int(header.height) * 3)
    // Transparent parts show middle gray, like the padding.
    var background = png_color(red: 128, green: 128, blue: 128)
    guard png_image_finish_read(&header, &background, &pixels, 0, nil) != 0 else {
      throw Failure(reason: message(header))
    }
    let damage = header.warning_or_error == 0 ? nil : message(header)
    return Decoded(image: RGBImage(width: Int(header.width), height: Int(header.height), bytes: pixels), damage: damage)
  }

  private static func message(_ header: png_image) -> String {
    withUnsafeBytes(of: header.message) { text in
      String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
