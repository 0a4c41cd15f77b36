/// An element of an XML document: its name, text and children; attributes are passed over, as VOC does not use them.
struct XMLElement {
  let name: String
  let line: Int
  var text = ""
  var children: [XMLElement] = []

  func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }
  func children(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  /// The text without the blanks around it.
  var trimmed: String {
    String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}

/// A small reader of the XML that VOC annotations consist of: elements, text, comments, CDATA, the five entities and
/// character references. Document types are passed over and external entities are never fetched.
struct XMLReader {
  struct Failure: Error, Hashable {
    let line: Int
    let reason: String
  }

  private static let deepest = 64
  private let text: [UInt8]
  private var position = 0

  /// The root element.
  static func parse(_ text: [UInt8]) throws(Failure) -> XMLElement {
    guard String(validating: text, as: UTF8.self) != nil else { throw Failure(line: 1, reason: "not valid UTF-8") }
    var reader = XMLReader(text: text)
    try reader.skipProlog()
    guard reader.peek == UInt8(ascii: "<") else { throw reader.failure("no element") }
    let root = try reader.element(depth: 0)
    try reader.skipProlog()
    guard reader.peek == nil else { throw reader.failure("text after the end of <\(root.name)>") }
    return root
  }

  private init(text: [UInt8]) {
    self.text = text.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(text.dropFirst(3)) : text
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private func failure(_ reason: String) -> Failure {
    Failure(line: text.prefix(position).count { $0 == 0x0A } + 1, reason: reason)
  }

  private func starts(_ mark: String) -> Bool { text[position...].starts(with: mark.utf8) }

  /// Moves behind the next occurrence of a mark.
  private mutating func skip(past mark: String, _ meaning: String) throws(Failure) {
    let start = position
    while position < text.count {
      if starts(mark) {
        position += mark.utf8.count
        return
      }
      position += 1
    }
    position = start
    throw failure("\(meaning) is not closed")
  }

  private mutating func skipProlog() throws(Failure) {
    while let byte = peek {
      if starts("<?") {
        try skip(past: "?>", "a processing instruction")
      } else if starts("<!--") {
        try skip(past: "-->", "a comment")
      } else if starts("<!") {
        try skip(past: ">", "a declaration")
      } else if byte <= 0x20 {
        position += 1
      } else {
        return
      }
    }
  }

  private mutating func element(depth: Int) throws(Failure) -> XMLElement {
    guard depth < Self.deepest else { throw failure("nested more than \(Self.deepest) levels deep") }
    let line = failure("").line
    position += 1
    let name = try tagName()
    var element = XMLElement(name: name, line: line)
    try skip(past: ">", "the tag <\(name)")
    if position >= 2, text[position - 2] == UInt8(ascii: "/") { return element }
    var content: [UInt8] = []
    while let byte = peek {
      if starts("</") {
        position += 2
        let closing = try tagName()
        guard closing == name else { throw failure("</\(closing)> where </\(name)> is expected") }
        try skip(past: ">", "the tag </\(name)")
        element.text = String(decoding: content, as: UTF8.self)
        return element
      } else if starts("<!--") {
        try skip(past: "-->", "a comment")
      } else if starts("<![CDATA[") {
        let start = position + 9
        try skip(past: "]]>", "a CDATA section")
        content += text[start..<position - 3]
      } else if byte == UInt8(ascii: "<") {
        element.children.append(try self.element(depth: depth + 1))
      } else if byte == UInt8(ascii: "&") {
        content += try entity()
      } else {
        content.append(byte)
        position += 1
      }
    }
    throw failure("<\(name)> of line \(line) is not closed")
  }

  private mutating func tagName() throws(Failure) -> String {
    let start = position
    while let byte = peek, byte > 0x20, byte != UInt8(ascii: ">"), byte != UInt8(ascii: "/") { position += 1 }
    guard position > start else { throw failure("a tag without a name") }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func entity() throws(Failure) -> [UInt8] {
    let start = position + 1
    try skip(past: ";", "an entity")
    let name = String(decoding: text[start..<position - 1], as: UTF8.self)
    let known = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
    if let character = known[name] { return Array(character.utf8) }
    let isHexadecimal = name.hasPrefix("#x")
    if name.hasPrefix("#"), let code = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10),
      let scalar = Unicode.Scalar(code)
    {
      return Array(String(Character(scalar)).utf8)
    }
    throw failure("unknown entity &\(name.prefix(20));")
  }
}
