import Foundation
import Proxy

/// Why a user's picture cannot be looked at.
struct PictureProblem: Error {
  let reason: String

  /// Reads and decodes a file.
  static func read(_ path: String) throws(PictureProblem) -> RGBImage {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      throw PictureProblem(
        reason: !exists ? "there is no such file" : isFolder.boolValue ? "is a folder" : "cannot be read")
    }
    do throws(ImageDecoder.Failure) {
      return try ImageDecoder.decode(bytes).image
    } catch {
      throw PictureProblem(reason: "\(error.reason): give a JPEG or PNG file")
    }
  }
}

/// Names for the drawn pictures, all different.
struct PictureNames {
  private var taken: Set<String> = []

  /// The picture's name with the ending .png, and a number where another picture has that name.
  mutating func name(for path: String) -> String {
    let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    var name = stem + ".png"
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(stem)-\(number).png"
      number += 1
    }
    return name
  }
}
