/// COCO's compressed form of run lengths: a text of 6 bits a character, as pycocotools reads and writes it.
///
/// Each number is written in groups of 5 bits, lowest first, plus a bit that says whether more follow; the last group's
/// highest bit is the sign. From the fourth number on, the difference to the number two places before is written.
extension InstanceMask {
  /// What is wrong with a compressed text.
  package enum CompressionError: Error, Hashable, Sendable, CustomStringConvertible {
    case character(place: Int)
    case endsInsideNumber
    case tooLong(place: Int)
    case negativeRun(index: Int)
    case sum(height: Int, width: Int)

    package var description: String {
      switch self {
      case .character(let place): "character \(place + 1) is none of run-length text (0 to o)"
      case .endsInsideNumber: "the run-length text ends inside a number"
      case .tooLong(let place): "the number at character \(place + 1) of the run-length text is too long"
      case .negativeRun(let index): "run \(index + 1) is negative"
      case .sum(let height, let width): "the runs do not sum to height x width (\(height) x \(width))"
      }
    }
  }

  private static let firstCharacter = UInt8(ascii: "0")
  /// Groups of a number; 7 hold every run of a mask of `mostPixels` and its differences.
  private static let mostGroups = 7

  /// Reads the `counts` of a compressed mask of a size that `isPossible`.
  package init(width: Int, height: Int, compressed: some Collection<UInt8>) throws(CompressionError) {
    var counts: [Int] = []
    var (number, groups, start) = (0, 0, 0)
    for (place, character) in compressed.enumerated() {
      guard character >= Self.firstCharacter, character < Self.firstCharacter + 64 else {
        throw .character(place: place)
      }
      if groups == 0 { start = place }
      guard groups < Self.mostGroups else { throw .tooLong(place: start) }
      let bits = Int(character - Self.firstCharacter)
      number |= (bits & 0x1F) << (5 * groups)
      groups += 1
      if bits & 0x20 != 0 { continue }
      if bits & 0x10 != 0 { number |= -1 << (5 * groups) }
      if counts.count > 2 { number += counts[counts.count - 2] }
      guard number >= 0 else { throw .negativeRun(index: counts.count) }
      counts.append(number)
      (number, groups) = (0, 0)
    }
    guard groups == 0 else { throw .endsInsideNumber }
    guard let mask = InstanceMask(width: width, height: height, counts: counts) else {
      throw .sum(height: height, width: width)
    }
    self = mask
  }

  /// The `counts` of the compressed form.
  public var compressedCounts: String {
    var text: [UInt8] = []
    for (index, count) in counts.enumerated() {
      var number = index > 2 ? count - counts[index - 2] : count
      var hasMore = true
      while hasMore {
        let bits = number & 0x1F
        number >>= 5
        hasMore = bits & 0x10 != 0 ? number != -1 : number != 0
        text.append(Self.firstCharacter + UInt8(bits | (hasMore ? 0x20 : 0)))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
