import GoldenData
import Networks
import Tensors
import Testing

/// The RoIAlign rows of box_ops.jsonl against torchvision: value and gradient, 5e-6 of the largest entry.
@Suite struct GoldenRoIAlignTests {
  @Test func everyRecordedRowAgrees() throws {
    let rows = try GoldenFile("box_ops.jsonl").rows().filter { $0["kind"].string == "roi_align" }
    #expect(rows.count == 9)
    for row in rows { try hold(row) }
  }

  private func hold(_ row: GoldenValue) throws {
    let name = row["id"].string ?? "?"
    let shape = GoldenLayer.shape(row["input"].shape)
    let boxes = (row["rois"].array ?? []).map(\.floats)
    let builder = NetworkBuilder(batch: shape.batch)
    let input = try builder.input(height: shape.height, width: shape.width, channels: shape.channels, gradient: true)
    // Two rows more than regions: they must come out as zeros and take no gradient.
    let list = RegionList(capacity: boxes.count + 2)
    let output = try builder.roiAlign(
      levels: [input], scales: [row["spatial_scale"].floats[0]], regions: list,
      bins: Extent(row["output_size"][0].int ?? 0, row["output_size"][1].int ?? 0),
      samplingRatio: row["sampling_ratio"].int ?? -1, aligned: row["aligned"].bool ?? false)
    let network = try builder.build(seed: 1)
    list.regions = boxes.map { Region(image: Int($0[0]), x1: $0[1], y1: $0[2], x2: $0[3], y2: $0[4]) }
    for (index, value) in GoldenLayer.channelsLast(row["input"]).enumerated() { input.data[index] = value }
    try network.forward(training: true)
    let padding = [Float](repeating: 0, count: 2 * output.shape.elementsPerImage)
    expectClose(
      Array(output.data), GoldenLayer.channelsLast(row["output"]) + padding, tolerance: 5e-6, "\(name) output")
    let upstream = GoldenLayer.channelsLast(row["grad_output"]) + padding.map { _ in 7 }
    for (index, value) in upstream.enumerated() { output.gradient[index] = value }
    try network.backward()
    expectClose(
      Array(input.gradient), GoldenLayer.channelsLast(row["grad_input"]), tolerance: 5e-6, "\(name) gradient")
  }

  @Test func wideChannelsAgreeWithNarrowOnes() throws {
    // 70 channels run through the blocks of 64, of 16 and the single ones; each must equal the same map of one channel.
    func output(channels: Int, _ fill: (Int, Int) -> Float) throws -> [Float] {
      let builder = NetworkBuilder(batch: 1)
      let input = try builder.input(height: 9, width: 11, channels: channels)
      let list = RegionList(capacity: 2)
      let roi = try builder.roiAlign(levels: [input], scales: [0.25], regions: list, bins: 3, samplingRatio: 2)
      let network = try builder.build(seed: 1)
      for place in 0..<99 {
        for channel in 0..<channels { input.data[place * channels + channel] = fill(place, channel) }
      }
      list.regions = [Region(image: 0, x1: 3, y1: 2, x2: 37, y2: 29), Region(image: 0, x1: -9, y1: 9, x2: 60, y2: 50)]
      try network.forward(training: false)
      return Array(roi.data)
    }
    func number(_ place: Int, _ channel: Int) -> Float { Float((place * 31 + channel * 17) % 101) / 50 - 1 }
    let wide = try output(channels: 82, number)
    for channel in [0, 15, 63, 64, 79, 80, 81] {
      let narrow = try output(channels: 1) { place, _ in number(place, channel) }
      expectClose(
        stride(from: channel, to: wide.count, by: 82).map { wide[$0] }, narrow, tolerance: 1e-6, "channel \(channel)")
    }
  }
}
