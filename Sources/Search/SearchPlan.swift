import JSONValues
import Reporting

/// How much a search will do, before it does it.
public struct SearchPlan: Sendable {
  private let space: SearchSpace

  public init(_ space: SearchSpace) { self.space = space }

  /// Generations, the initial one included.
  private var generations: Int { space.evolution.generations + 1 }
  private var proposals: Int { generations * space.evolution.candidatesPerGeneration }
  private var shortTrainings: Int { 1 + generations * space.selection.simulatedCandidates }
  private var proxyTrainings: Int { 1 + generations * space.evolution.proxyCandidates }
  private var promotionTrainings: Int {
    (space.selection.promotedCandidates + 1) * (space.selection.promotionSeeds - 1)
  }
  private var finalTrainings: Int {
    let references = space.task == .segmentation ? 4 : 3
    return (space.selection.finalCombinations + references) * space.selection.finalSeeds
  }

  private var rows: [(name: String, count: Int, steps: Int?)] {
    [
      ("formulas proposed and screened", proposals, nil),
      ("short trainings on D_verify, at most", shortTrainings, space.steps.verify),
      ("proxy trainings, at most", proxyTrainings, space.steps.proxy),
      ("promotion trainings, at most", promotionTrainings, space.steps.proxy),
      ("final trainings", finalTrainings, space.steps.final),
    ]
  }

  public var text: String {
    var table = TextTable([.init("plan"), .init("count", .right), .init("steps each", .right)])
    for row in rows { table.add(row.name, row.count.grouped, row.steps.map(\.grouped) ?? "") }
    return table.description
  }

  public var json: JSONValue {
    [
      "generations": .int(generations), "proposals": .int(proposals), "short_trainings": .int(shortTrainings),
      "proxy_trainings": .int(proxyTrainings), "promotion_trainings": .int(promotionTrainings),
      "final_trainings": .int(finalTrainings),
    ]
  }
}
