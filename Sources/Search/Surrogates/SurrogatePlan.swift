import JSONValues
import Reporting

/// How much a search for a surrogate will do, before it does it.
public struct SurrogatePlan: Sendable {
  private let space: SurrogateSpace

  public init(_ space: SurrogateSpace) { self.space = space }

  /// The theta trainings of all generations, cross entropy and the policy's last mean.
  private var proxyTrainings: Int { 2 + space.search.generations * space.search.samplesPerGeneration }
  /// The last mean is promoted beside the best.
  private var promotionTrainings: Int {
    (space.selection.promotedThetas + 2) * (space.selection.promotionSeeds - 1)
  }
  /// Found, published, cross entropy.
  private var finalTrainings: Int { 3 * space.selection.finalSeeds }

  public var text: String {
    var table = TextTable([.init("plan"), .init("count", .right), .init("steps each", .right)])
    let (proxy, final) = (space.training.proxy.schedule.steps, space.training.final.schedule.steps)
    table.add("trainings for rewards", proxyTrainings.grouped, proxy.grouped)
    table.add("promotion trainings, at most", promotionTrainings.grouped, proxy.grouped)
    table.add("final trainings", finalTrainings.grouped, final.grouped)
    return table.description
  }

  public var json: JSONValue {
    [
      "generations": .int(space.search.generations), "proxy_trainings": .int(proxyTrainings),
      "promotion_trainings": .int(promotionTrainings), "final_trainings": .int(finalTrainings),
    ]
  }
}
