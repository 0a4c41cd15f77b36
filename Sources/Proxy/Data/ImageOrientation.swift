/// How the camera was held: which sides of the scene the first row and the first column of the stored picture show.
///
/// The raw values are those of EXIF 2.3, tag 0x0112.
enum ImageOrientation: Int, CaseIterable {
  case topLeft = 1, topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

  /// Of a JPEG file; `topLeft` where its EXIF data say nothing that can be read.
  init(jpeg bytes: [UInt8]) {
    self = Self.exifData(bytes).flatMap(Self.tag).flatMap(ImageOrientation.init(rawValue:)) ?? .topLeft
  }

  /// The picture as the scene was, as OpenCV, mmdetection and Detectron2 read it.
  func upright(_ image: RGBImage) -> RGBImage {
    let swaps: Bool
    let mirrors: (rows: Bool, columns: Bool)
    switch self {
    case .topLeft: return image
    case .topRight: (swaps, mirrors) = (false, (false, true))
    case .bottomRight: (swaps, mirrors) = (false, (true, true))
    case .bottomLeft: (swaps, mirrors) = (false, (true, false))
    case .leftTop: (swaps, mirrors) = (true, (false, false))
    case .rightTop: (swaps, mirrors) = (true, (true, false))
    case .rightBottom: (swaps, mirrors) = (true, (true, true))
    case .leftBottom: (swaps, mirrors) = (true, (false, true))
    }
    let (width, height) = swaps ? (image.height, image.width) : (image.width, image.height)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(image.bytes.count)
    for y in 0..<height {
      for x in 0..<width {
        let (row, column) = swaps ? (x, y) : (y, x)
        let stored =
          (mirrors.rows ? image.height - 1 - row : row) * image.width
          + (mirrors.columns ? image.width - 1 - column : column)
        bytes.append(contentsOf: image.bytes[(3 * stored)..<(3 * stored + 3)])
      }
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }
}

// Reading of EXIF; whatever does not fit is as if it were not there.
extension ImageOrientation {
  /// The TIFF structure of the first EXIF segment before the pixels.
  private static func exifData(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let (marker, length) = (bytes[place + 1], Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
      let end = place + 2 + length
      guard marker != 0xDA, length >= 2, end <= bytes.count else { return nil }
      let content = bytes[(place + 4)..<end]
      if marker == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) { return content.dropFirst(6) }
      place = end
    }
    return nil
  }

  /// The orientation in the first directory of a TIFF structure.
  private static func tag(_ tiff: ArraySlice<UInt8>) -> Int? {
    let isLittle = tiff.starts(with: Array("II".utf8))
    guard isLittle || tiff.starts(with: Array("MM".utf8)) else { return nil }
    func number(at offset: Int, bytes count: Int) -> Int? {
      guard offset >= 0, offset <= tiff.count - count else { return nil }
      let found = tiff[(tiff.startIndex + offset)..<(tiff.startIndex + offset + count)]
      return (isLittle ? Array(found.reversed()) : Array(found)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2) else { return nil }
    for entry in 0..<count {
      let place = directory + 2 + 12 * entry
      guard let name = number(at: place, bytes: 2) else { return nil }
      if name == 0x0112 { return number(at: place + 8, bytes: 2) }
    }
    return nil
  }
}
