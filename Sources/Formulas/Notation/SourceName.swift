/// A type name for generated source, made from a text that may come from anywhere.
///
/// Only ASCII letters and digits get through, it begins with a capital and ends with `Loss`, so it is an identifier,
/// no keyword of Python or Swift, and hides none of the names that the generated source uses.
enum SourceName {
  static let longest = 60

  static func typeName(from text: String) -> String {
    var name = ""
    var startsWord = true
    for scalar in text.unicodeScalars.prefix(200) where name.count < longest {
      guard scalar.isASCII, scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) else {
        startsWord = true
        continue
      }
      let character = String(Character(scalar))
      name += startsWord ? character.uppercased() : character
      startsWord = false
    }
    if let first = name.first, first.isNumber { name = "Loss" + name }
    return name.hasSuffix("Loss") && name.count > 4 ? name : name + (name == "Loss" ? "" : "Loss")
  }
}
