/// Breaks a long text without blanks into lines.
enum TextWrapping {
  /// Lines of about `width` characters, broken behind a character.
  static func lines(of text: String, width: Int, breakAfter: Character, indent: String) -> [String] {
    var lines: [String] = []
    var line = ""
    var count = 0
    for character in text {
      line.append(character)
      count += 1
      if count >= width, character == breakAfter {
        lines.append(indent + line)
        line = ""
        count = 0
      }
    }
    if !line.isEmpty || lines.isEmpty { lines.append(indent + line) }
    return lines
  }
}
