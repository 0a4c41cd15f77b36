import CPNG

/// Reads label maps from PNG files: the numbers as they are stored, whatever colours or gamma the file gives them.
///
/// Gray of at most 8 bits, or a palette, whose indices are the labels; mmsegmentation's data sets use both.
enum LabelMapDecoder {
  /// Why a file is no label map.
  struct Failure: Error, Hashable {
    let reason: String
  }

  static func decode(_ bytes: [UInt8]) throws(Failure) -> LabelMap {
    guard bytes.starts(with: signature) else {
      throw Failure(reason: bytes.isEmpty ? "the file is empty" : "is not a PNG file")
    }
    guard bytes.count > 33, Array(bytes[12..<16]) == Array("IHDR".utf8) else {
      throw Failure(reason: "the PNG file ends early")
    }
    let (depth, color) = (Int(bytes[24]), bytes[25])
    guard [0, 3].contains(color), depth <= 8, depth > 0 else {
      let kind = color == 0 ? "gray of \(depth) bits" : "colours"
      throw Failure(reason: "holds \(kind); a label map is gray of at most 8 bits, or has a palette")
    }
    return color == 3 ? try indices(plain(bytes)) : try grays(plain(bytes), depth: depth)
  }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The same file without the chunks that tell what the numbers look like, so that nobody changes the numbers.
  private static func plain(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
    var result = signature
    result.reserveCapacity(bytes.count)
    var place = signature.count
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - place - 12 else { throw Failure(reason: "the PNG file ends early") }
      let end = place + 12 + length
      if ["IHDR", "PLTE", "IDAT", "IEND"].contains(String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)) {
        result += bytes[place..<end]
      }
      place = end
    }
    return result
  }

  private static func indices(_ bytes: [UInt8]) throws(Failure) -> LabelMap {
    try read(bytes, format: UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP))
  }

  /// libpng stretches few bits to the range of eight; this takes the factor back.
  private static func grays(_ bytes: [UInt8], depth: Int) throws(Failure) -> LabelMap {
    var map = try read(bytes, format: 0)
    let factor = UInt8(255 / ((1 << depth) - 1))
    if factor > 1 { for index in map.labels.indices { map.labels[index] /= factor } }
    return map
  }

  private static func read(_ bytes: [UInt8], format: UInt32) throws(Failure) -> LabelMap {
    var header = png_image()
    header.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&header) }
    guard png_image_begin_read_from_memory(&header, bytes, bytes.count) != 0 else {
      throw Failure(reason: message(header))
    }
    let (width, height) = (Int(header.width), Int(header.height))
    guard width > 0, height > 0, width <= ImageDecoder.mostPixels / height else {
      throw Failure(reason: "\(width) x \(height) pixels, at most \(ImageDecoder.mostPixels) are read")
    }
    header.format = format
    var labels = [UInt8](repeating: 0, count: width * height)
    var palette = [UInt8](repeating: 0, count: 256 * 4)
    guard png_image_finish_read(&header, nil, &labels, 0, &palette) != 0 else {
      throw Failure(reason: message(header))
    }
    guard header.warning_or_error == 0 else { throw Failure(reason: message(header)) }
    return LabelMap(width: width, height: height, labels: labels)
  }

  private static func message(_ header: png_image) -> String {
    withUnsafeBytes(of: header.message) { text in
      String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
