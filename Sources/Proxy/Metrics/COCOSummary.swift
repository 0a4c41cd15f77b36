/// The averages of pycocotools' summary.
extension COCOResult {
  init(categories: [COCOCategory], accumulations: [ClassAccumulation]) {
    perClass = zip(categories, accumulations).map { ClassResult(category: $0, accumulation: $1) }
    func precision(area: Int, threshold: Int? = nil) -> Double {
      Self.meanPrecision(accumulations, area: area, threshold: threshold)
    }
    func recall(area: Int, limit: Int) -> Double { Self.meanRecall(accumulations, area: area, limit: limit) }
    stats = [
      precision(area: 0), precision(area: 0, threshold: 0), precision(area: 0, threshold: 5), precision(area: 1),
      precision(area: 2), precision(area: 3), recall(area: 0, limit: 0), recall(area: 0, limit: 1),
      recall(area: 0, limit: 2), recall(area: 1, limit: 2), recall(area: 2, limit: 2), recall(area: 3, limit: 2),
    ]
  }

  static func meanPrecision(_ classes: [ClassAccumulation], area: Int, threshold: Int?) -> Double {
    var sum = 0.0
    var count = 0
    for accumulation in classes {
      for index in iouThresholds.indices where threshold == nil || index == threshold {
        let envelope = accumulation.precision[area * iouThresholds.count + index]
        sum += envelope.reduce(0, +)
        count += envelope.count
      }
    }
    return count > 0 ? sum / Double(count) : -1
  }

  static func meanRecall(_ classes: [ClassAccumulation], area: Int, limit: Int) -> Double {
    let values = classes.flatMap { $0.recalls(area: area, limit: limit) }.filter { $0 > -1 }
    return values.isEmpty ? -1 : values.reduce(0, +) / Double(values.count)
  }
}

extension COCOResult.ClassResult {
  init(category: COCOCategory, accumulation: ClassAccumulation) {
    func precision(area: Int, threshold: Int? = nil) -> Double {
      COCOResult.meanPrecision([accumulation], area: area, threshold: threshold)
    }
    self.category = category
    ap = precision(area: 0)
    ap50 = precision(area: 0, threshold: 0)
    ap75 = precision(area: 0, threshold: 5)
    apSmall = precision(area: 1)
    apMedium = precision(area: 2)
    apLarge = precision(area: 3)
    ar100 = COCOResult.meanRecall([accumulation], area: 0, limit: 2)
    self.precision = Array(accumulation.precision.prefix(COCOResult.iouThresholds.count)).filter { !$0.isEmpty }
    recall = Array(accumulation.recalls(area: 0, limit: 2))
  }
}

extension ClassAccumulation {
  /// The recalls at the IoU thresholds for one area range and one limit of detections.
  func recalls(area: Int, limit: Int) -> ArraySlice<Double> {
    let thresholds = COCOResult.iouThresholds.count
    let start = (limit * COCOMatching.areaRanges.count + area) * thresholds
    return recall[start..<start + thresholds]
  }
}
