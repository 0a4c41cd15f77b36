import GoldenData
import Networks
import Randomness
import Tensors
import Testing

/// Resizing to planes: PyTorch's recorded rows, the gradient as the transpose of the forward pass, the largest plane.
@Suite struct PlaneResizeTests {
  @Test func recordedRowsAgree() throws {
    let rows = try GoldenFile("nn_layers.json").object()["cases"].array ?? []
    var held = 0
    for row in rows where row["layer"].string == "upsample" && row["params"]["mode"].string == "bilinear" {
      guard row["params"]["align_corners"].bool == false else { continue }
      held += 1
      let shape = GoldenLayer.shape(row["tensors"]["input"].shape)
      let target = GoldenLayer.shape(row["output"].shape)
      let resize = PlaneResize(from: shape, height: target.height, width: target.width)
      var planes = [Float](repeating: .nan, count: resize.planeCount)
      resize.forward(GoldenLayer.channelsLast(row["tensors"]["input"]), into: &planes)
      let name = row["id"].string ?? "?"
      expectClose(planes, row["output"].floats, tolerance: 2e-6, "\(name) output")
      var gradient = [Float](repeating: .nan, count: shape.count)
      resize.backward(row["grad_output"].floats, into: &gradient)
      expectClose(gradient, GoldenLayer.channelsLast(row["grads"]["input"]), tolerance: 2e-6, "\(name) gradient")
    }
    #expect(held == 2)
  }

  /// The pass is linear: ⟨forward(x), g⟩ = ⟨x, backward(g)⟩ for every x and g says that `backward` is its gradient.
  @Test(arguments: [(3, 4, 5, 12, 16), (1, 1, 2, 7, 3), (8, 8, 21, 8, 8), (9, 7, 3, 5, 4), (2, 33, 1, 3, 129)])
  func backwardIsTheTranspose(height: Int, width: Int, channels: Int, newHeight: Int, newWidth: Int) {
    let seed = UInt64(height * 100 + width)
    var generator = SeededGenerator(seed: seed)
    let shape = TensorShape(batch: 2, height: height, width: width, channels: channels)
    let resize = PlaneResize(from: shape, height: newHeight, width: newWidth)
    let x = (0..<shape.count).map { _ in Float(generator.normal()) }
    let g = (0..<resize.planeCount).map { _ in Float(generator.normal()) }
    var planes = [Float](repeating: .nan, count: resize.planeCount)
    var gradient = [Float](repeating: .nan, count: shape.count)
    resize.forward(x, into: &planes)
    resize.backward(g, into: &gradient)
    let left = zip(planes, g).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let right = zip(x, gradient).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(left - right) <= 1e-5 * Double(g.count).squareRoot(), "seed \(seed): \(left), \(right)")
    // A resize of a constant is that constant.
    resize.forward([Float](repeating: 1.5, count: shape.count), into: &planes)
    #expect(planes.allSatisfy { abs($0 - 1.5) < 1e-6 })
  }

  @Test func theLargestPlaneIsTheFirstOfEqualOnes() {
    let seed: UInt64 = 5
    var generator = SeededGenerator(seed: seed)
    let shape = TensorShape(batch: 2, height: 3, width: 5, channels: 4)
    let resize = PlaneResize(from: shape, height: 6, width: 11)
    let pixels = 66
    // Few values, so that many are equal.
    let planes = (0..<resize.planeCount).map { _ in Float(generator.integer(in: 0...3)) }
    var labels = [UInt8](repeating: 9, count: 2 * pixels)
    resize.largest(of: planes, into: &labels)
    for image in 0..<2 {
      for pixel in 0..<pixels {
        let values = (0..<4).map { planes[(image * 4 + $0) * pixels + pixel] }
        let wanted = values.firstIndex(of: values.max() ?? 0)
        #expect(wanted == Int(labels[image * pixels + pixel]), "seed \(seed), pixel \(pixel): \(values)")
      }
    }
  }
}
