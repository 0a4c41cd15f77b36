import CCairo
import Foundation

/// Writes figures as files, by the ending of the name: `.svg` or `.png`.
public enum FigureFile {
  /// The version of the library that draws PNG files.
  public static var libraryVersion: String { "Cairo " + String(cString: cairo_version_string()) }

  /// Throws unless the ending of the name is one that can be written.
  public static func check(_ path: String) throws(FigureError) { _ = try Ending(path) }

  /// Draws the figure and writes it.
  /// - Throws: `FigureError`.
  public static func write(_ figure: Figure, to path: String) throws(FigureError) {
    switch try Ending(path) {
    case .svg:
      do {
        try Data(figure.svg().utf8).write(to: URL(fileURLWithPath: path))
      } catch {
        throw .unwritable(path: path, reason: reason(path))
      }
    case .png:
      let layout = FigureLayout(figure)
      let canvas = try CairoCanvas(width: layout.width, height: layout.height)
      guard canvas.hasFont else { throw .noFont }
      var drawing: any Canvas = canvas
      layout.draw(on: &drawing)
      guard FileManager.default.isWritable(folderOf: path) else {
        throw .unwritable(path: path, reason: reason(path))
      }
      try canvas.write(to: path)
    }
  }

  private enum Ending {
    case svg, png

    init(_ path: String) throws(FigureError) {
      let name = path.lowercased()
      if let file = name.split(separator: "/").last, file.dropLast(4).allSatisfy({ $0 == "." }), file.count >= 4 {
        throw [".svg", ".png"].contains(file.suffix(4)) ? .nameless(path: path) : .ending(path: path)
      }
      if name.hasSuffix(".svg") {
        self = .svg
      } else if name.hasSuffix(".png") {
        self = .png
      } else {
        throw .ending(path: path)
      }
    }
  }

  private static func reason(_ path: String) -> String {
    var isFolder: ObjCBool = false
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return "is a folder" }
    guard FileManager.default.fileExists(atPath: folder) else { return "there is no folder \(folder)" }
    return "the folder \(folder) cannot be written to"
  }
}

extension FileManager {
  fileprivate func isWritable(folderOf path: String) -> Bool {
    isWritableFile(atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }
}

/// Why a figure cannot be written.
public enum FigureError: Error, Hashable, Sendable, CustomStringConvertible {
  case ending(path: String)
  /// Nothing but the ending, which would be a hidden file.
  case nameless(path: String)
  case unwritable(path: String, reason: String)
  case noFont
  case bitmap(problem: String)

  public var description: String {
    switch self {
    case .ending(let path): "\(path): figures are written as .svg or .png; end the name with one of them"
    case .nameless(let path): "\(path): is an ending without a name; write one before it, as in loss.svg"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    case .noFont: "PNG figures need a font, and there is none: install the package fonts-dejavu-core, or write .svg"
    case .bitmap(let problem): "the PNG figure cannot be drawn: \(problem); write .svg"
    }
  }
}

extension Figure {
  /// The figure as an SVG document; the same text for the same figure everywhere.
  public func svg() -> String {
    let layout = FigureLayout(self)
    var canvas: any Canvas = SVGCanvas(width: layout.width, height: layout.height)
    layout.draw(on: &canvas)
    return (canvas as? SVGCanvas)?.document ?? ""
  }
}
