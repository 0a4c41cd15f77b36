import CKernels
import Tensors

/// Bilinear resizing of a network's output to planes: from H×W×C (channels last) to C×H'×W' for each image, as losses and
/// metrics of whole label maps read it; the convention is PyTorch's `interpolate` without aligned corners.
///
/// One thread at a time uses it; nothing is allocated after the start.
public final class PlaneResize {
  /// Of the input.
  public let shape: TensorShape
  /// Extents of each plane.
  public let height, width: Int
  private let rowTaps: [nn_tap]
  private let columnTaps: [nn_tap]
  private let work: AlignedBuffer

  public init(from shape: TensorShape, height: Int, width: Int) {
    (self.shape, self.height, self.width) = (shape, height, width)
    let mode = ResizeMode.bilinear(alignsCorners: false)
    rowTaps = mode.taps(from: shape.height, to: height)
    columnTaps = mode.taps(from: shape.width, to: width)
    work = AlignedBuffer(count: max(shape.height, height) * width)
  }

  /// The floats of all planes: images × channels × height × width.
  public var planeCount: Int { shape.batch * shape.channels * height * width }

  private func withShape(_ body: (UnsafePointer<nn_resize_shape>) -> Void) {
    rowTaps.withUnsafeBufferPointer { rows in
      columnTaps.withUnsafeBufferPointer { columns in
        var resize = nn_resize_shape(
          images: Int64(shape.batch), height: Int64(shape.height), width: Int64(shape.width),
          channels: Int64(shape.channels), out_height: Int64(height), out_width: Int64(width),
          row_taps: rows.baseAddress, column_taps: columns.baseAddress, nearest: 0)
        body(&resize)
      }
    }
  }

  /// Writes `planeCount` floats from `shape.count`.
  public func forward(_ x: UnsafePointer<Float>, into planes: UnsafeMutablePointer<Float>) {
    withShape { nn_resize_to_planes(x, planes, $0, work.pointer) }
  }

  /// Writes the gradient of the input, `shape.count` floats, from that of the planes.
  public func backward(_ planes: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>) {
    withShape { nn_resize_to_planes_backward(planes, gradient, $0, work.pointer) }
  }

  /// Writes the class of the largest plane at each pixel, images × height × width; the first of equal ones.
  public func largest(of planes: UnsafePointer<Float>, into labels: UnsafeMutablePointer<UInt8>) {
    nn_largest_plane(
      planes, labels, Int64(shape.batch), Int64(shape.channels), Int64(height * width), work.pointer)
  }
}
