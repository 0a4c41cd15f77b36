/// Changes between channels-last (NHWC, ours) and channels-first (NCHW, PyTorch's) order.
public enum Layout {
  /// The elements of an NCHW array in NHWC order; `shape` tells the extents and its count must equal that of the array.
  public static func channelsLast(_ values: [Float], shape: TensorShape) -> [Float] {
    var result = [Float](repeating: 0, count: shape.count)
    forEachElement(of: shape) { last, first in result[last] = values[first] }
    return result
  }

  /// Calls `body` with the channels-last and the channels-first offset of every element.
  private static func forEachElement(of shape: TensorShape, _ body: (Int, Int) -> Void) {
    for image in 0..<shape.batch {
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          for channel in 0..<shape.channels {
            let first = ((image * shape.channels + channel) * shape.height + y) * shape.width + x
            body(shape.offset(image, y, x, channel), first)
          }
        }
      }
    }
  }
}
