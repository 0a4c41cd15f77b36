/// A height and a width, for kernels, strides, paddings and dilations; a literal means both.
public struct Extent: Hashable, Sendable, Codable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  public init(_ both: Int) { self.init(both, both) }
  public init(integerLiteral value: Int) { self.init(value, value) }

  public var description: String { "\(height)x\(width)" }
}
