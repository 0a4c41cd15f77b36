import Foundation
import Proxy
import Randomness
import Testing

/// The safetensors reader takes what the format allows and refuses the rest, naming the place.
@Suite struct TensorFileTests {
  /// A header and data, laid out by hand.
  static func bytes(_ header: String, data: Int = 8, length: UInt64? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes += $0 }
    return bytes + Array(header.utf8) + [UInt8](repeating: 0, count: data)
  }

  static let sound = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

  struct Broken: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    /// Must stand in the message.
    let words: [String]
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ words: String...) {
      (self.name, self.bytes, self.words) = (name, bytes, words)
    }
  }

  static let broken: [Broken] = [
    Broken("empty", [], "header", "0 bytes"),
    Broken("seven bytes", [1, 2, 3, 4, 5, 6, 7], "header", "7 bytes"),
    Broken("huge header", bytes(sound, length: .max), "header", "18446744073709551615"),
    Broken("header of 100 MB and a byte", bytes(sound, length: 100_000_001), "header", "at most"),
    Broken("header beyond the end", bytes(sound, length: 5000), "header", "5000"),
    Broken("header of no length", bytes(sound, length: 0), "header", "begin"),
    Broken("a blank first", bytes(" " + sound), "header", "begin"),
    Broken("no JSON", bytes("{\"a\":"), "header", "line 1"),
    Broken("not UTF-8", bytes("{\"a", data: 0).dropLast() + [0xFF], "header"),
    Broken("truncated", Array(bytes(sound).dropLast(3)), "tensor 'a'", "byte 8", "5 bytes"),
    Broken("bytes left", bytes(sound, data: 12), "data", "4 bytes"),
    Broken("tensor is no object", bytes(#"{"a":[1]}"#), "tensor 'a'", "expected an object"),
    Broken("key missing", bytes(#"{"a":{"dtype":"F32","shape":[2]}}"#), "tensor 'a'", "data_offsets"),
    Broken(
      "key too many", bytes(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#), "tensor 'a'", "no others"
    ),
    Broken("wrong dtype", bytes(#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#), "tensor 'a'", "F64"),
    Broken("unknown dtype", bytes(#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#), "tensor 'a'", "F31"),
    Broken("wrong shape", bytes(#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#), "tensor 'a'", "12 bytes"),
    Broken(
      "negative extent", bytes(#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#), "tensor 'a'", "shape"),
    Broken("half extent", bytes(#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#), "tensor 'a'", "shape"),
    Broken(
      "overflowing shape",
      bytes(#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#), "tensor 'a'", "too large"),
    Broken(
      "offsets swapped", bytes(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#), "tensor 'a'", "[8, 0]"),
    Broken("one offset", bytes(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}"#), "tensor 'a'", "[8]"),
    Broken(
      "offsets beyond", bytes(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#), "tensor 'a'", "byte 16"),
    Broken(
      "overlap",
      bytes(
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#),
      "tensor 'b'", "overlap"),
    Broken(
      "same range",
      bytes(
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#),
      "tensor 'b'", "overlap"),
    Broken("hole", bytes(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#), "tensor 'a'", "4 bytes"),
    Broken(
      "one name twice",
      bytes(
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#),
      "stands twice"),
    Broken("metadata is no object", bytes(#"{"__metadata__":1}"#, data: 0), "metadata", "expected an object"),
    Broken("metadata is no text", bytes(#"{"__metadata__":{"a":1}}"#, data: 0), "metadata 'a'", "expected a text"),
    Broken(
      "wrong checksum",
      bytes(#"{"__metadata__":{"checksum":"00"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#),
      "checksum"),
  ]

  @Test(arguments: broken) func refuses(_ row: Broken) throws {
    do {
      _ = try TensorFile(decoding: row.bytes, path: "w.safetensors")
      Issue.record("\(row.name) was read")
    } catch {
      for word in ["w.safetensors"] + row.words { #expect(error.description.contains(word), "\(error)") }
      #expect(error.code == "damaged")
    }
  }

  @Test func takesWhatTheFormatAllows() throws {
    let rows: [(String, Int, [[Int]])] = [
      (Self.sound, 8, [[2]]), (Self.sound + "   ", 8, [[2]]), ("{}", 0, []),
      (#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, 4, [[]]),
      (#"{"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]}}"#, 0, [[0, 3]]),
      (#"{"__metadata__":{"x":"y"},"a":{"shape":[2],"data_offsets":[0,8],"dtype":"F32"}}"#, 8, [[2]]),
    ]
    for (header, data, shapes) in rows {
      let file = try TensorFile(decoding: Self.bytes(header, data: data), path: "w")
      #expect(file.tensors.map(\.shape) == shapes, "\(header)")
    }
  }

  @Test func comesBackBitForBit() throws {
    for seed in UInt64(0)..<50 {
      var generator = SeededGenerator(seed: seed)
      let tensors = (0..<Int(generator.next() % 6)).map { index in
        let shape = (0..<Int(generator.next() % 4)).map { _ in Int(generator.next() % 4) }
        // Any bit pattern: infinities and not-a-numbers, too.
        let values = (0..<shape.reduce(1, *)).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
        }
        return TensorFile.Tensor(name: "layer\(index).\"wéight\"\n", shape: shape, values: values)
      }
      let written = TensorFile(metadata: [("note", "seed \(seed) \u{1F600}\t\"")], tensors: tensors).encoded()
      let read = try TensorFile(decoding: written, path: "w")
      #expect(read.encoded() == written, "seed \(seed)")
      #expect(read.tensors.map(\.name) == tensors.map(\.name) && read.text("note") == "seed \(seed) \u{1F600}\t\"")
      #expect(read.tensors.map { $0.values.map(\.bitPattern) } == tensors.map { $0.values.map(\.bitPattern) })
    }
  }
}
