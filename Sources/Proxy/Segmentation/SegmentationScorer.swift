import Losses

/// Counts label maps against predictions, image after image; an instance owns its working memory, so it belongs to one worker.
///
/// Time is linear in the pixels (for each 64 classes), whatever tolerance and radius. Source of the definitions: the
/// evaluator of Auto Seg-Loss (Li et al., ICLR 2021).
public final class SegmentationScorer {
  /// How boundaries are looked at; the defaults are the original's.
  public struct Settings: Hashable, Sendable, Codable {
    /// Within how many pixels boundaries count as met (BF1), in windows of 2 · tolerance + 1 a side.
    public var tolerance: Int
    /// How far from a label's boundary a pixel may lie to count for BIoU.
    public var radius: Int
    /// Whether class 0 makes no band for BIoU and is left out of BF1.
    public var dropsBackground: Bool
    /// Whether boundaries are counted at all; the other four metrics do not need them.
    public var countsBoundaries: Bool

    public init(tolerance: Int = 5, radius: Int = 5, dropsBackground: Bool = true, countsBoundaries: Bool = true) {
      (self.tolerance, self.radius) = (max(0, tolerance), max(0, radius))
      (self.dropsBackground, self.countsBoundaries) = (dropsBackground, countsBoundaries)
    }
  }

  public let settings: Settings
  public private(set) var counts: SegmentationCounts
  private let boundaries = LabelBoundaries()
  private let words = WorkingMemory<UInt64>()

  /// - Parameter classes: 1 ... 255.
  public init(classes: Int, settings: Settings = Settings()) {
    self.settings = settings
    counts = SegmentationCounts(classes: classes)
  }

  /// The scores of all images so far.
  public var scores: SegmentationScores { SegmentationScores(counts, dropsBackground: settings.dropsBackground) }

  /// Counts one image.
  /// - Parameters:
  ///   - prediction: height × width, below the number of classes.
  ///   - labels: height × width; those at or above the number of classes (such as 255) are ignored.
  /// - Throws: `SegmentationScoreError`.
  public func add(prediction: [UInt8], labels: [UInt8], height: Int, width: Int) throws(SegmentationScoreError) {
    guard height >= 1, width >= 1, prediction.count == height * width, labels.count == height * width else {
      throw .size(prediction: prediction.count, labels: labels.count, height: height, width: width)
    }
    if let place = prediction.firstIndex(where: { Int($0) >= counts.classes }) {
      throw .prediction(Int(prediction[place]), row: place / width, column: place % width, classes: counts.classes)
    }
    prediction.withUnsafeBufferPointer { prediction in
      labels.withUnsafeBufferPointer { labels in
        guard let prediction = prediction.baseAddress, let labels = labels.baseAddress else { return }
        count(prediction, labels, height, width)
      }
    }
  }

  private func count(_ prediction: UnsafePointer<UInt8>, _ labels: UnsafePointer<UInt8>, _ height: Int, _ width: Int) {
    let classes = counts.classes
    for place in 0..<(height * width) where Int(labels[place]) < classes {
      counts.confusion[Int(labels[place]) * classes + Int(prediction[place])] += 1
    }
    guard settings.countsBoundaries else { return }
    countBand(prediction, labels, height, width)
    for first in stride(from: 0, to: classes, by: LabelBoundaries.classesInAWord) {
      countMatches(prediction, labels, height, width, first..<min(classes, first + LabelBoundaries.classesInAWord))
    }
  }

  /// Confusion near the boundaries of the labels.
  private func countBand(
    _ prediction: UnsafePointer<UInt8>, _ labels: UnsafePointer<UInt8>, _ height: Int, _ width: Int
  ) {
    let (classes, near) = (counts.classes, words.reserve(4 * height * width))
    boundaries.markAny(
      labels, height: height, width: width, classes: (settings.dropsBackground ? 1 : 0)..<classes, into: near)
    boundaries.dilate(near, height: height, width: width, radius: settings.radius, into: near)
    for place in 0..<(height * width) where near[place] != 0 && Int(labels[place]) < classes {
      counts.boundaryConfusion[Int(labels[place]) * classes + Int(prediction[place])] += 1
    }
  }

  /// Boundary pixels of at most 64 classes, and how many of them are met.
  private func countMatches(
    _ prediction: UnsafePointer<UInt8>, _ labels: UnsafePointer<UInt8>, _ height: Int, _ width: Int,
    _ classes: Range<Int>
  ) {
    let pixels = height * width
    let found = words.reserve(4 * pixels)
    let (wanted, nearFound, nearWanted) = (found + pixels, found + 2 * pixels, found + 3 * pixels)
    boundaries.mark(prediction, height: height, width: width, classes: classes, into: found)
    boundaries.mark(labels, height: height, width: width, classes: classes, into: wanted)
    boundaries.dilate(found, height: height, width: width, radius: settings.tolerance, into: nearFound)
    boundaries.dilate(wanted, height: height, width: width, radius: settings.tolerance, into: nearWanted)
    for place in 0..<pixels {
      // A boundary pixel has one bit: that of its own class.
      if found[place] != 0 {
        counts.predictedBoundary[Int(prediction[place])] += 1
        if found[place] & nearWanted[place] != 0 { counts.predictedMatches[Int(prediction[place])] += 1 }
      }
      if wanted[place] != 0 {
        counts.labelBoundary[Int(labels[place])] += 1
        if wanted[place] & nearFound[place] != 0 { counts.labelMatches[Int(labels[place])] += 1 }
      }
    }
  }
}

/// Maps that cannot be scored.
public enum SegmentationScoreError: Error, Hashable, Sendable, CustomStringConvertible {
  case size(prediction: Int, labels: Int, height: Int, width: Int)
  case prediction(Int, row: Int, column: Int, classes: Int)

  public var description: String {
    switch self {
    case .size(let prediction, let labels, let height, let width):
      "the prediction has \(prediction) pixels and the label map \(labels), \(height) × \(width) are needed"
    case .prediction(let label, let row, let column, let classes):
      "the prediction at row \(row), column \(column) is \(label): it must be 0 ... \(classes - 1)"
    }
  }
}
