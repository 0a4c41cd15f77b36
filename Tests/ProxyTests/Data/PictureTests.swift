import Proxy
import Randomness
import Testing

/// Decoding of every picture form, and the resizing to the detector's input.
struct PictureTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let name: String
    let file: [UInt8]
    /// Red, green, blue of every pixel.
    let color: [Int]
    let tolerance: Int
    var testDescription: String { name }
  }

  static let forms: [Form] = [
    Form(name: "gray PNG", file: PictureFixtures.grayPNG, color: [90, 90, 90], tolerance: 0),
    Form(name: "1-bit PNG", file: PictureFixtures.gray1BitPNG, color: [255, 255, 255], tolerance: 0),
    Form(name: "palette PNG", file: PictureFixtures.palettePNG, color: [10, 200, 30], tolerance: 0),
    Form(name: "RGBA PNG", file: PictureFixtures.rgbaPNG, color: [10, 200, 30], tolerance: 0),
    Form(name: "transparent PNG", file: PictureFixtures.transparentPNG, color: [128, 128, 128], tolerance: 0),
    Form(name: "16-bit PNG", file: PictureFixtures.rgb16PNG, color: [10, 200, 30], tolerance: 1),
    Form(name: "RGB JPEG", file: PictureFixtures.rgbJPEG, color: [10, 200, 30], tolerance: 3),
    Form(name: "gray JPEG", file: PictureFixtures.grayJPEG, color: [90, 90, 90], tolerance: 3),
    Form(name: "CMYK JPEG", file: PictureFixtures.cmykJPEG, color: [10, 200, 30], tolerance: 3),
  ]

  /// One picture as the only one of a COCO folder at scale 1; the file's ending does not matter.
  private static func open(_ file: [UInt8]) throws -> DetectionSplits {
    let json = SmallDataset.json(images: #"[{"id":1,"file_name":"a.png"}]"#)
    let folder = try SmallDataset.coco(train: json, test: SmallDataset.json())
    try folder.write(file, to: "train/a.png")
    return try folder.open(height: 16, width: 16)
  }

  @Test(arguments: forms) func everyFormBecomesRGB(_ form: Form) throws {
    let image = try #require(try Self.open(form.file).searchTrain.images.first)
    #expect(image.placement.scale == 1)
    let worst = image.pixels.bytes.enumerated().map { abs(Int($1) - form.color[$0 % 3]) }.max() ?? 999
    #expect(worst <= form.tolerance, "first pixel \(image.pixels.bytes.prefix(3))")
  }

  @Test(
    arguments: [
      ("empty", []), ("text", Array("hello".utf8)), ("a JPEG cut short", PictureFixtures.truncatedJPEG),
      ("a JPEG without pixels", PictureFixtures.headOnlyJPEG), ("a PNG of 3.6 gigapixels", PictureFixtures.hugePNG),
      ("a PNG cut short", Array(PictureFixtures.grayPNG.prefix(50))),
    ] as [(String, [UInt8])])
  func whatIsNoPictureIsNamed(_ name: String, _ file: [UInt8]) throws {
    let json = SmallDataset.json()
    let folder = try SmallDataset.coco(train: json, test: json)
    try folder.write(file, to: "train/a.png")
    let splits = try folder.open()
    #expect(splits.problems.map(\.kind) == [.undecodableImage], "\(name): \(splits.problems)")
    #expect(splits.searchTrain.images.map(\.name) == ["b.png"])
  }

  /// EXIF data with an orientation, in either order of bytes, put behind the first marker.
  private static func turned(_ file: [UInt8], _ orientation: UInt8, little: Bool) -> [UInt8] {
    func number(_ value: UInt32, _ count: Int) -> [UInt8] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
      return little ? bytes : bytes.reversed()
    }
    let entries = [
      number(0x010F, 2) + number(2, 2) + number(4, 4) + [0x41, 0x42, 0x43, 0],
      number(0x0112, 2) + number(3, 2) + number(1, 4) + number(UInt32(orientation), 2) + [0, 0],
    ]
    let tiff =
      Array((little ? "II" : "MM").utf8) + number(42, 2) + number(8, 4) + number(UInt32(entries.count), 2)
      + entries.joined() + number(0, 4)
    let content = Array("Exif\0\0".utf8) + tiff
    return file.prefix(2) + [0xFF, 0xE1, 0, UInt8(content.count + 2)] + content + file.dropFirst(2)
  }

  /// The colours of the corners, from the upper left to the lower right, by the orientation's number (EXIF 2.3, tag 0x0112).
  @Test(arguments: ["RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"].enumerated().map { ($0 + 1, $1) })
  func picturesAreTurnedUpright(_ orientation: Int, _ corners: String) throws {
    for little in [true, false] {
      let file = Self.turned(PictureFixtures.quartersJPEG, UInt8(orientation), little: little)
      let image = try ImageDecoder.decode(file).image
      #expect((image.width, image.height) == (orientation < 5 ? (32, 16) : (16, 32)))
      let found = [(0, 0), (image.width - 1, 0), (0, image.height - 1), (image.width - 1, image.height - 1)].map {
        let place = 3 * ($0.1 * image.width + $0.0)
        return switch image.bytes[place..<(place + 3)].map({ $0 > 110 }) {
        case [true, false, false]: "R"
        case [false, true, false]: "G"
        case [false, false, true]: "B"
        case [true, true, true]: "W"
        default: "?"
        }
      }
      #expect(found.joined() == corners, "orientation \(orientation), little endian: \(little)")
    }
  }

  /// EXIF data of which any part is missing or wrong leave the picture as it is.
  @Test func brokenOrientationsAreNone() throws {
    let plain = try ImageDecoder.decode(PictureFixtures.quartersJPEG).image
    let whole = Self.turned(PictureFixtures.quartersJPEG, 6, little: true)
    #expect(try ImageDecoder.decode(whole).image != plain)
    for value: UInt8 in [0, 9, 255] {
      let file = Self.turned(PictureFixtures.quartersJPEG, value, little: false)
      #expect(try ImageDecoder.decode(file).image == plain, "orientation \(value)")
    }
    // Every byte of the segment's content changed in turn: still a picture, never a trap.
    for place in 12..<50 {
      for value: UInt8 in [0, 0x7F, 0xFF] {
        var file = whole
        file[place] = value
        let image = try ImageDecoder.decode(file).image
        #expect(image.width * image.height == 32 * 16, "byte \(place) = \(value)")
      }
    }
  }

  private static func randomImage(width: Int, height: Int, _ generator: inout SeededGenerator) -> RGBImage {
    RGBImage(
      width: width, height: height, bytes: (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0...255)) })
  }

  @Test func pngRoundTrip() throws {
    var generator = SeededGenerator(seed: 11)
    for (width, height) in [(1, 1), (3, 2), (17, 31), (160, 120)] {
      let image = Self.randomImage(width: width, height: height, &generator)
      let decoded = try ImageDecoder.decode(#require(PNGWriter.encode(image)))
      #expect(decoded.image == image && decoded.damage == nil)
    }
    #expect(PNGWriter.encode(RGBImage(width: 0, height: 0, bytes: [])) == nil)
  }

  /// Exact area average in Double of the part of the source that an output pixel covers.
  private static func areaAverage(_ image: RGBImage, _ x: Int, _ y: Int, _ channel: Int, _ scale: Double) -> Double {
    var (sum, total) = (0.0, 0.0)
    for row in 0..<image.height {
      let high = min(Double(y + 1) / scale, Double(row + 1)) - max(Double(y) / scale, Double(row))
      guard high > 0 else { continue }
      for column in 0..<image.width {
        let wide = min(Double(x + 1) / scale, Double(column + 1)) - max(Double(x) / scale, Double(column))
        guard wide > 0 else { continue }
        sum += high * wide * Double(image.bytes[(row * image.width + column) * 3 + channel])
        total += high * wide
      }
    }
    return sum / total
  }

  @Test(arguments: 1...20) func shrinkingIsTheAreaAverage(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let image = Self.randomImage(
      width: generator.integer(in: 20...60), height: generator.integer(in: 20...60), &generator)
    let placement = ImagePlacement(
      originalWidth: image.width, originalHeight: image.height, height: generator.integer(in: 7...19),
      width: generator.integer(in: 7...19))
    let small = ImageResizer.resize(image, to: placement)
    var worst = 0.0
    for y in 0..<small.height {
      for x in 0..<small.width {
        for channel in 0..<3 {
          let expected = Self.areaAverage(image, x, y, channel, placement.scale)
          worst = max(worst, abs(expected - Double(small.bytes[(y * small.width + x) * 3 + channel])))
        }
      }
    }
    #expect(worst < 0.6, "seed \(seed): off by \(worst)")
  }

  @Test(arguments: 1...10) func plainPicturesStayPlain(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let gray = UInt8(generator.integer(in: 0...255))
    let image = RGBImage(width: generator.integer(in: 1...90), height: generator.integer(in: 1...90), gray: gray)
    let placement = ImagePlacement(
      originalWidth: image.width, originalHeight: image.height, height: generator.integer(in: 16...64),
      width: generator.integer(in: 16...64))
    let resized = ImageResizer.resize(image, to: placement)
    #expect(resized.bytes.allSatisfy { $0 == gray }, "seed \(seed)")
    #expect(resized.width == placement.contentWidth && resized.height == placement.contentHeight)
  }

  @Test func enlargingInterpolates() {
    let image = RGBImage(width: 2, height: 1, bytes: [0, 0, 0, 200, 200, 200])
    let placement = ImagePlacement(originalWidth: 2, originalHeight: 1, height: 2, width: 4)
    let row = ImageResizer.resize(image, to: placement).bytes.prefix(12)
    #expect(stride(from: 0, to: 12, by: 3).map { row[$0] } == [0, 50, 150, 200])
  }

  @Test func thePaddingLiesRightAndBelow() {
    let padded = ImageResizer.pad(RGBImage(width: 2, height: 1, gray: 9), height: 2, width: 3)
    let gray = ImagePlacement.paddingGray
    #expect(stride(from: 0, to: 18, by: 3).map { padded.bytes[$0] } == [9, 9, gray, gray, gray, gray])
  }

  @Test(arguments: 1...50) func boxesMapThereAndBack(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let (width, height) = (generator.integer(in: 1...900), generator.integer(in: 1...900))
    let placement = ImagePlacement(
      originalWidth: width, originalHeight: height, height: generator.integer(in: 16...300),
      width: generator.integer(in: 16...300))
    let (x, y) = (generator.uniform(0, Double(width)), generator.uniform(0, Double(height)))
    let box = AnnotatedBox(
      x: x, y: y, width: generator.uniform(0, Double(width) - x), height: generator.uniform(0, Double(height) - y))
    let back = placement.original(placement.input(box))
    let worst = max(
      max(abs(back.x - box.x), abs(back.y - box.y)), max(abs(back.width - box.width), abs(back.height - box.height)))
    #expect(worst < 1e-3, "seed \(seed): \(box) came back as \(back)")
  }

  @Test func flippingTwiceChangesNothing() {
    let box = BoundingBox(x1: 3, y1: 4, x2: 10, y2: 12)
    #expect(box.flippedHorizontally(imageWidth: 32) == BoundingBox(x1: 22, y1: 4, x2: 29, y2: 12))
    #expect(box.flippedHorizontally(imageWidth: 32).flippedHorizontally(imageWidth: 32) == box)
  }
}
