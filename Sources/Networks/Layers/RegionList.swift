/// One region of interest: an image of the batch, the feature level to read, a box in pixels of the network's input.
public struct Region: Hashable, Sendable {
  public var image: Int
  public var level: Int
  public var x1: Float
  public var y1: Float
  public var x2: Float
  public var y2: Float

  public init(image: Int, level: Int = 0, x1: Float, y1: Float, x2: Float, y2: Float) {
    self.image = image
    self.level = level
    self.x1 = x1
    self.y1 = y1
    self.x2 = x2
    self.y2 = y2
  }
}

/// The regions a `roiAlign` layer reads: the caller fills it between the stages, at most `capacity` of them.
public final class RegionList {
  public let capacity: Int
  /// The regions of this step; those past `capacity` are not read, and the output rows past the last one are zero.
  public var regions: [Region] = []

  public init(capacity: Int) {
    self.capacity = capacity
    regions.reserveCapacity(capacity)
  }
}
