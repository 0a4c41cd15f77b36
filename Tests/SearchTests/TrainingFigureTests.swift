import Foundation
import Losses
import Proxy
import Reporting
import Search
import Testing

/// Figures of a training and pictures with boxes are files that read back as what was drawn.
@Suite struct TrainingFigureTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autoloss-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test(arguments: [1, 3]) func aMarkedPictureKeepsThePixelsOutsideItsMarks(magnification: Int) throws {
    let (width, height) = (60, 40)
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let mark = MarkedPicture.Mark(x: 20, y: 15, width: 20, height: 15, label: nil, colour: .vermilion)
    try withFolder { folder in
      let path = folder.appendingPathComponent("p.png").path
      try MarkedPicture(width: width, height: height, pixels: pixels, marks: [mark], magnification: magnification)
        .write(to: path)
      let read = try ImageDecoder.decode([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))).image
      #expect(read.width == width * magnification && read.height == height * magnification)
      func pixel(_ x: Int, _ y: Int) -> [UInt8] {
        let place = (y * magnification * read.width + x * magnification) * 3
        return Array(read.bytes[place..<place + 3])
      }
      for y in 0..<height {
        for x in 0..<width where !(16...44).contains(x) || !(11...34).contains(y) {
          let place = (y * width + x) * 3
          #expect(pixel(x, y) == Array(pixels[place..<place + 3]), "\(x), \(y)")
        }
      }
      let middle = (25 * width + 30) * 3
      #expect(pixel(30, 25) == Array(pixels[middle..<middle + 3]))
      let edge = pixel(20, 22)
      #expect(edge[0] > 150 && edge[2] < 120, "\(edge)")
    }
  }

  @Test func aMaskIsTintedAndNothingElse() throws {
    let (width, height) = (7, 5)
    let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 11) }
    let mask = (0..<width * height).map { $0 % 3 == 0 }
    var picture = MarkedPicture(width: width, height: height, pixels: pixels, marks: [])
    picture.tint(mask, with: .vermilion)
    try withFolder { folder in
      let path = folder.appendingPathComponent("p.png").path
      try picture.write(to: path)
      let read = try ImageDecoder.decode([UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))).image.bytes
      for (place, byte) in pixels.enumerated() {
        // Two fifths of Okabe and Ito's vermilion over the mask.
        let tinted = UInt8((3 * Int(byte) + 2 * [213, 94, 0][place % 3]) / 5)
        #expect(read[place] == (mask[place / 3] ? tinted : byte), "byte \(place)")
      }
    }
  }

  @Test func labelsStayInsideThePicture() throws {
    let marks = [(0.0, 0.0), (55.0, 0.0), (0.0, 35.0), (-20.0, 90.0)].map { x, y in
      MarkedPicture.Mark(
        x: x, y: y, width: 5, height: 5, label: "a \0 very long <label> 0.99", colour: .ofSeries(Int(y)))
    }
    try withFolder { folder in
      let path = folder.appendingPathComponent("p.png").path
      try MarkedPicture(width: 60, height: 40, pixels: .init(repeating: 9, count: 7200), marks: marks).write(to: path)
      #expect(FileManager.default.fileExists(atPath: path))
      #expect(throws: FigureError.self) {
        try MarkedPicture(width: 60, height: 40, pixels: .init(repeating: 9, count: 7200), marks: marks)
          .write(to: folder.appendingPathComponent("none/p.png").path)
      }
    }
  }
}
