/// A page of text and figures that needs nothing beside it: no script, no style sheet, no picture file.
public struct HTMLPage: Sendable {
  public let title: String
  private var parts: [String] = []

  public init(title: String) { self.title = title }

  public mutating func addHeading(_ text: String) { parts.append("<h2>\(Self.escaped(text))</h2>") }

  public mutating func addParagraph(_ text: String) { parts.append("<p>\(Self.escaped(text))</p>") }

  /// Text whose line breaks and spaces stand as they are.
  public mutating func addText(_ text: String) { parts.append("<pre>\(Self.escaped(text))</pre>") }

  public mutating func add(_ figure: Figure) { parts.append(figure.svg()) }

  /// The whole document.
  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <title>\(Self.escaped(title))</title>
    <style>
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
    pre { overflow-x: auto; background: #f6f6f6; padding: 1em }
    svg { max-width: 100%; height: auto }
    </style>
    </head>
    <body>
    <h1>\(Self.escaped(title))</h1>
    \(parts.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
