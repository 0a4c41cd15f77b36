import Losses
import RunStore
import Surrogates

/// A theta that the search drew, as the store keeps candidates.
struct ThetaRecord: Hashable, Sendable {
  /// Where a theta comes from; the raw values are stable.
  enum Origin: String {
    /// The policy's mean.
    case mean
    case sample
  }

  /// Submission order within the run, from 0.
  let id: Int
  let generation: Int
  let origin: Origin
  /// The numbers that the policy drew, in 0 ... 1.
  let raw: [Double]
  /// The loss's theta.
  let controlPoints: [Double]

  init(id: Int, generation: Int, origin: Origin, raw: [Double], controlPoints: [Double]) {
    (self.id, self.generation, self.origin) = (id, generation, origin)
    (self.raw, self.controlPoints) = (raw, controlPoints)
  }

  private static let branch = "surrogate"

  /// Reads back what `record` wrote.
  init(_ record: CandidateRecord) throws {
    guard let origin = Origin(rawValue: record.origin), let raw = ThetaText.read(record.classification),
      let points = ThetaText.read(record.canonical)
    else { throw SearchError.unreadableState(detail: "theta \(record.id)") }
    self.init(id: record.id, generation: record.generation, origin: origin, raw: raw, controlPoints: points)
  }

  var record: CandidateRecord {
    CandidateRecord(
      id: id, generation: generation, branch: Self.branch, classification: ThetaText.write(raw), regression: "",
      canonical: ThetaText.write(controlPoints), fingerprint: nil, origin: origin.rawValue, parents: [],
      nodes: raw.count, stage: "proxy", rejection: nil)
  }
}

extension SurrogateSpace {
  /// The loss's theta that belongs to raw numbers of the policy, to twelve decimals, so that a loss card holds it whole.
  func controlPoints(_ raw: [Double]) -> [Double] {
    StickBreaking.controlPoints(raw, curves: metric.curves).map { ($0 * 1e12).rounded() / 1e12 }
  }
}
