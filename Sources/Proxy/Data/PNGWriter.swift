import CPNG

/// Writes RGB pictures and label maps as PNG through libpng's simplified interface.
public enum PNGWriter {
  /// The file's bytes; nil when libpng refuses (a picture without pixels).
  public static func encode(_ image: RGBImage) -> [UInt8]? {
    encode(image.bytes, width: image.width, height: image.height, channels: 3, format: UInt32(PNG_FORMAT_FLAG_COLOR))
  }

  /// The file's bytes, gray of 8 bits whose values are the labels; nil when libpng refuses (a map without pixels).
  public static func encode(_ map: LabelMap) -> [UInt8]? {
    encode(map.labels, width: map.width, height: map.height, channels: 1, format: 0)
  }

  private static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int, format: UInt32) -> [UInt8]? {
    guard width > 0, height > 0 else { return nil }
    var header = png_image()
    header.version = UInt32(PNG_IMAGE_VERSION)
    header.width = UInt32(width)
    header.height = UInt32(height)
    header.format = format
    defer { png_image_free(&header) }
    // Never larger than this: the pixels, a filter byte a row, the blocks of an incompressible stream, the chunks.
    var size = (width * channels + 1) * height
    size += size / 1000 + 4096
    var bytes = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&header, &bytes, &size, 0, pixels, 0, nil) != 0 else { return nil }
    return Array(bytes.prefix(size))
  }
}
