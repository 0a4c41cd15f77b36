import CPNG

/// Writes RGB pictures as PNG through libpng's simplified interface.
public enum PNGWriter {
  /// The file's bytes; nil when libpng refuses (a picture without pixels).
  public static func encode(_ image: RGBImage) -> [UInt8]? {
    guard image.width > 0, image.height > 0 else { return nil }
    var header = png_image()
    header.version = UInt32(PNG_IMAGE_VERSION)
    header.width = UInt32(image.width)
    header.height = UInt32(image.height)
    header.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&header) }
    // Never larger than this: the pixels, a filter byte a row, the blocks of an incompressible stream, the chunks.
    var size = (image.width * 3 + 1) * image.height
    size += size / 1000 + 4096
    var bytes = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&header, &bytes, &size, 0, image.bytes, 0, nil) != 0 else { return nil }
    return Array(bytes.prefix(size))
  }
}
