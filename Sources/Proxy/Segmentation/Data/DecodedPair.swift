/// A picture with its label map as the cache keeps them: decoded, checked against each other and scaled down once.
struct DecodedPair: Hashable, Sendable {
  let pixels: RGBImage
  let labels: LabelMap
  /// The largest label of the file before it was scaled down, and its first place; nil where every pixel is ignored.
  let largest: LargestLabel?
  /// What the decoder of the picture complained about though it went on.
  let damage: String?

  /// - Throws: `DatasetError` that names the file which cannot be used.
  init(
    _ pair: SegmentationFolder.Pair, image: [UInt8], labels map: [UInt8], longestSide: Int
  ) throws(DatasetError) {
    let (picture, map) = (
      try Self.picture(image, name: pair.imageName), try Self.labelMap(map, name: pair.labelName)
    )
    let (width, height) = (picture.image.width, picture.image.height)
    guard map.width == width, map.height == height else {
      throw .malformedEntry(
        file: pair.labelName, entry: "size",
        reason: "\(map.width) x \(map.height) pixels, its picture \(pair.imageName) has \(width) x \(height)")
    }
    damage = picture.damage
    largest = LargestLabel(map)
    guard max(width, height) > longestSide else {
      (pixels, labels) = (picture.image, map)
      return
    }
    let placement = ImagePlacement(
      originalWidth: width, originalHeight: height, height: longestSide, width: longestSide)
    pixels = ImageResizer.resize(picture.image, to: placement)
    labels = map.resized(width: pixels.width, height: pixels.height)
  }

  private init(pixels: RGBImage, labels: LabelMap, largest: LargestLabel?, damage: String?) {
    (self.pixels, self.labels, self.largest, self.damage) = (pixels, labels, largest, damage)
  }

  private static func picture(_ bytes: [UInt8], name: String) throws(DatasetError) -> ImageDecoder.Decoded {
    do throws(ImageDecoder.Failure) {
      return try ImageDecoder.decode(bytes)
    } catch {
      throw .undecodable(file: name, reason: error.reason)
    }
  }

  private static func labelMap(_ bytes: [UInt8], name: String) throws(DatasetError) -> LabelMap {
    do throws(LabelMapDecoder.Failure) {
      return try LabelMapDecoder.decode(bytes)
    } catch {
      throw .undecodable(file: name, reason: error.reason)
    }
  }
}

/// The largest label of a map and where it stands first.
struct LargestLabel: Hashable, Sendable {
  let label: UInt8
  let column, row: Int

  init(label: UInt8, column: Int, row: Int) { (self.label, self.column, self.row) = (label, column, row) }

  /// Nil where every pixel is ignored.
  init?(_ map: LabelMap) {
    guard let label = map.largest, let place = map.labels.firstIndex(of: label) else { return nil }
    self.init(label: label, column: place % map.width, row: place / map.width)
  }
}

// The form in the cache: extents, largest label and its place (255: none), damage, pixels, labels.
extension DecodedPair {
  static func append(_ pair: DecodedPair, to file: inout ByteWriter) {
    let largest = pair.largest ?? LargestLabel(label: LabelMap.ignored, column: 0, row: 0)
    for value in [pair.pixels.width, pair.pixels.height, Int(largest.label), largest.column, largest.row] {
      file.append(UInt32(clamping: value))
    }
    file.append(UInt32(pair.damage == nil ? 0 : 1))
    file.append(text: pair.damage ?? "")
    file.bytes += pair.pixels.bytes
    file.bytes += pair.labels.labels
  }

  static func read(_ reader: inout ByteReader) -> DecodedPair? {
    guard let width = reader.word(), let height = reader.word(), let label = reader.word(),
      let column = reader.word(), let row = reader.word(), let isDamaged = reader.word(),
      let damage = reader.text(), let pixels = reader.take(Int(width) * Int(height) * 3),
      let labels = reader.take(Int(width) * Int(height))
    else { return nil }
    return DecodedPair(
      pixels: RGBImage(width: Int(width), height: Int(height), bytes: Array(pixels)),
      labels: LabelMap(width: Int(width), height: Int(height), labels: Array(labels)),
      largest: label >= UInt32(LabelMap.ignored)
        ? nil : LargestLabel(label: UInt8(label), column: Int(column), row: Int(row)),
      damage: isDamaged == 0 ? nil : damage)
  }
}
