import Evolution
import Formulas
import Losses
import RunStore

/// From loss texts to genomes and back.
extension SearchSpace {
  /// The formulas that the initial generation starts from; in a joint search each classification with each regression.
  func warmStartGenomes() throws -> [Genome] {
    let classifications = try warmStart.classification.map {
      try LossText.classification($0, task, place: "warmStart.classification").formula
    }
    let regressions = try (branch.variesRegression ? warmStart.regression : []).map { text in
      let loss = try LossText.regression(text, task, place: "warmStart.regression")
      guard let formula = loss.formula else {
        throw SearchError.notAFormula(place: "warmStart.regression", text: text)
      }
      return formula
    }
    switch branch {
    case .classification: return classifications.map { Genome(classification: $0) }
    case .regression: return regressions.map { Genome(regression: $0) }
    case .joint:
      return classifications.flatMap { first in
        regressions.map { Genome(classification: first, regression: $0) }
      }
    }
  }

  /// The genome of a stored candidate: the formulas of the branches that vary.
  func genome(of candidate: CandidateRecord) throws -> Genome {
    var genome = Genome()
    do throws(FormulaError) {
      if branch.variesClassification {
        genome.classification = try Formula(parsing: candidate.classification, mode: task.classificationMode)
      }
      if branch.variesRegression { genome.regression = try Formula(parsing: candidate.regression, mode: .regression) }
    } catch {
      throw SearchError.unreadableState(detail: "candidate \(candidate.id)")
    }
    return genome
  }
}

extension CandidateRecord {
  /// The varied formulas in one line.
  func text(_ space: SearchSpace) -> String {
    let parts = [
      space.branch.variesClassification ? classification : nil, space.branch.variesRegression ? regression : nil,
    ]
    return parts.compactMap(\.self).joined(separator: " + ")
  }
}
