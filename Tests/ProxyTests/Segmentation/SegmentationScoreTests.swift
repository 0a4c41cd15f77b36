import GoldenData
import Losses
import Proxy
import Randomness
import Testing

/// The six metrics of segmentation against the original's evaluator, and their counts against plain loops.
@Suite struct SegmentationScoreTests {
  private struct Row {
    let golden: GoldenValue
    let labels: [[UInt8]]
    let predictions: [[UInt8]]
    let (height, width): (Int, Int)

    init(_ golden: GoldenValue) throws {
      self.golden = golden
      let maps = try #require(golden["gt"].array)
      (height, width) = (try #require(maps[0].array?.count), try #require(maps[0][0].array?.count))
      labels = maps.map { Self.flat($0).map { UInt8($0) } }
      predictions = try #require(golden["pred"].array).map { Self.flat($0).map { UInt8($0) } }
    }

    static func flat(_ value: GoldenValue) -> [Double] {
      value.array.map { $0.flatMap(flat) } ?? [value.double ?? .nan]
    }

    func numbers(_ key: String) -> [Double] { Self.flat(golden[key]) }

    /// BF1 looks within `tol`, BIoU within `radius`.
    func scorer() throws -> SegmentationScorer {
      SegmentationScorer(
        classes: try #require(golden["num_class"].int),
        settings: .init(
          tolerance: try #require(golden["tol"].int), radius: try #require(golden["radius"].int),
          dropsBackground: golden["drop_bg"].bool == true))
    }
  }

  private static func rows(_ kind: String) throws -> [Row] {
    try GoldenFile("seg_metrics.jsonl").rows().filter { $0["kind"].string == kind }.map { try Row($0) }
  }

  @Test func countsAreTheOriginals() throws {
    let rows = try Self.rows("evaluator")
    #expect(rows.count == 15)
    for row in rows {
      let scorer = try row.scorer()
      for (labels, prediction) in zip(row.labels, row.predictions) {
        try scorer.add(prediction: prediction, labels: labels, height: row.height, width: row.width)
      }
      let counts = scorer.counts
      for (key, found) in [
        ("confusion", counts.confusion), ("confusion_boundary", counts.boundaryConfusion),
        ("n_fg", counts.predictedBoundary), ("n_gt", counts.labelBoundary), ("match_fg", counts.predictedMatches),
        ("match_gt", counts.labelMatches),
      ] { #expect(found.map { Double($0) } == row.numbers(key), "\(row.golden["id"]) \(key)") }
      expect(scorer.scores, row)
    }
  }

  @Test func mappedLabelsAreScoredAsInTheOriginal() throws {
    let rows = try Self.rows("metrics_fast")
    #expect(rows.count == 5)
    for row in rows {
      let pairs = (row.golden["label_map"].array ?? []).map { Row.flat($0).map { UInt8($0) } }
      let reducesZero = row.golden["reduce_zero_label"].bool == true
      // One scorer for each image, as several workers have.
      var counts = SegmentationCounts(classes: 5)
      for (labels, prediction) in zip(row.labels, row.predictions) {
        let scorer = try row.scorer()
        try scorer.add(
          prediction: prediction, labels: Self.mapped(labels, pairs, reducesZero: reducesZero), height: row.height,
          width: row.width)
        counts.add(scorer.counts)
      }
      expect(SegmentationScores(counts, dropsBackground: row.golden["drop_bg"].bool == true), row)
    }
  }

  /// Labels as the original maps them: replaced one pair after the other; then each one less, 0 ignored, 255 kept.
  private static func mapped(_ labels: [UInt8], _ pairs: [[UInt8]], reducesZero: Bool) -> [UInt8] {
    labels.map { label in
      let label = pairs.reduce(label) { $0 == $1[0] ? $1[1] : $0 }
      guard reducesZero else { return label }
      return label == 0 || label == 255 ? 255 : label - 1
    }
  }

  /// The reward of the original's search. It differs from the metric in FWIoU alone, which is a mean times the number of all
  /// classes there, and so exceeds 1 where classes are absent.
  private static func originalReward(_ metric: SegmentationMetric, _ scores: SegmentationScores) -> Double {
    guard metric == .frequencyWeightedIoU else { return scores[metric] }
    let terms = zip(scores.frequency, scores.iou).map { $0 * $1 }.filter { !$0.isNaN }
    return terms.reduce(0, +) / Double(terms.count) * Double(scores.iou.count)
  }

  private func expect(_ scores: SegmentationScores, _ row: Row) {
    let id = row.golden["id"].string ?? ""
    let dropped = row.golden["drop_bg"].bool == true ? 1 : 0
    for (key, found) in [
      ("class_iou", scores.iou), ("class_biou", scores.boundaryIoU), ("class_acc", scores.accuracy),
      ("class_freq", scores.frequency), ("class_bf1", Array(scores.boundaryF1.dropFirst(dropped))),
      ("global_acc", [scores.globalAccuracy]),
    ] {
      let wanted = row.numbers(key)
      #expect(found.count == wanted.count, "\(id) \(key)")
      for (number, other) in zip(found, wanted) {
        #expect(Self.close(number, other), "\(id) \(key): \(number), \(other)")
      }
    }
    for metric in SegmentationMetric.allCases {
      if let wanted = row.golden["search_reward"][metric.rawValue].double {
        #expect(Self.close(Self.originalReward(metric, scores), wanted), "\(id) \(metric): \(wanted)")
        // Ours is the same but for absent classes in FWIoU, where it stays a share.
        #expect(
          metric == .frequencyWeightedIoU ? scores[metric] <= 1 + 1e-12 : Self.close(scores[metric], wanted), "\(id)")
      }
      let name = metric == .globalAccuracy ? "aAcc" : metric.rawValue
      if let wanted = row.golden["dataset_summary"][name].double {
        #expect(Self.close(Self.originalReward(metric, scores), wanted), "\(id) summary of \(metric): \(wanted)")
      }
    }
  }

  private static func close(_ one: Double, _ other: Double) -> Bool {
    one.isNaN && other.isNaN || abs(one - other) <= 1e-6
  }

  @Test func edgesAndTheirDilationAreTheOriginals() throws {
    let rows = try GoldenFile("seg_metrics.jsonl").rows().filter { $0["kind"].string == "edge_dilate" }
    #expect(rows.count == 4)
    for row in rows {
      let labels = Row.flat(row["gt"]).map { UInt8($0) }
      let tolerance = try #require(row["tol"].int)
      let boundaries = LabelBoundaries()
      var sets = [UInt64](repeating: 1, count: labels.count)
      boundaries.mark(labels, height: 24, width: 20, classes: 0..<5, into: &sets)
      #expect(bits(sets) == Row.flat(row["edge"]).map { $0 != 0 }, "\(row["id"])")
      var near = sets
      boundaries.dilate(sets, height: 24, width: 20, radius: tolerance, into: &near)
      #expect(bits(near) == Row.flat(row["dilated"]).map { $0 != 0 }, "\(row["id"])")
    }
  }

  /// Class by class, as the rows have them.
  private func bits(_ sets: [UInt64]) -> [Bool] {
    (0..<5).flatMap { label in sets.map { $0 >> UInt64(label) & 1 == 1 } }
  }

  /// Drawn maps of up to 200 classes and any radius, against windows looked through pixel by pixel.
  @Test(arguments: UInt64(0)..<25) func countsAreThoseOfPlainLoops(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "maps")
    let (height, width) = (generator.integer(in: 1...23), generator.integer(in: 1...23))
    let classes = seed % 5 == 0 ? 200 : generator.integer(in: 1...6)
    let settings = SegmentationScorer.Settings(
      tolerance: generator.integer(in: 0...30), radius: generator.integer(in: 0...30),
      dropsBackground: generator.chance(0.5))
    let scorer = SegmentationScorer(classes: classes, settings: settings)
    var counts = SegmentationCounts(classes: classes)
    for _ in 0..<2 {
      let labels = (0..<(height * width)).map { _ in
        generator.chance(0.1) ? 255 : UInt8(generator.index(below: classes))
      }
      let prediction = labels.map { $0 == 255 || generator.chance(0.3) ? UInt8(generator.index(below: classes)) : $0 }
      try scorer.add(prediction: prediction, labels: labels, height: height, width: width)
      PlainCounts(height: height, width: width, settings: settings).add(prediction, labels, to: &counts)
    }
    #expect(scorer.counts == counts, "seed \(seed): \(height) × \(width), \(classes) classes, \(settings)")
  }

  @Test func badMapsAreNamed() {
    let scorer = SegmentationScorer(classes: 3)
    #expect(throws: SegmentationScoreError.size(prediction: 3, labels: 4, height: 2, width: 2)) {
      try scorer.add(prediction: [0, 0, 0], labels: [0, 0, 0, 0], height: 2, width: 2)
    }
    #expect(throws: SegmentationScoreError.prediction(3, row: 1, column: 0, classes: 3)) {
      try scorer.add(prediction: [0, 0, 3, 0], labels: [0, 0, 0, 0], height: 2, width: 2)
    }
    #expect(scorer.scores[.meanIoU].isNaN && scorer.scores[.boundaryF1] == 0)
  }
}

/// The counts by looking through every window.
private struct PlainCounts {
  let height: Int
  let width: Int
  let settings: SegmentationScorer.Settings

  func add(_ prediction: [UInt8], _ labels: [UInt8], to counts: inout SegmentationCounts) {
    let classes = counts.classes
    let (found, wanted) = (boundary(prediction, classes), boundary(labels, classes))
    for pixel in 0..<(height * width) {
      let (label, guess) = (Int(labels[pixel]), Int(prediction[pixel]))
      if found[pixel] {
        counts.predictedBoundary[guess] += 1
        let meets = window(pixel, settings.tolerance).contains { wanted[$0] && labels[$0] == guess }
        counts.predictedMatches[guess] += meets ? 1 : 0
      }
      guard label < classes else { continue }
      counts.confusion[label * classes + guess] += 1
      let isNear = window(pixel, settings.radius).contains {
        wanted[$0] && !(settings.dropsBackground && labels[$0] == 0)
      }
      counts.boundaryConfusion[label * classes + guess] += isNear ? 1 : 0
      guard wanted[pixel] else { continue }
      counts.labelBoundary[label] += 1
      counts.labelMatches[label] +=
        window(pixel, settings.tolerance).contains { found[$0] && prediction[$0] == label } ? 1 : 0
    }
  }

  private func boundary(_ map: [UInt8], _ classes: Int) -> [Bool] {
    map.indices.map { pixel in map[pixel] < classes && window(pixel, 1).contains { map[$0] != map[pixel] } }
  }

  private func window(_ pixel: Int, _ radius: Int) -> [Int] {
    let (row, column) = pixel.quotientAndRemainder(dividingBy: width)
    return (max(0, row - radius)...min(height - 1, row + radius)).flatMap { row in
      (max(0, column - radius)...min(width - 1, column + radius)).map { row * width + $0 }
    }
  }
}
