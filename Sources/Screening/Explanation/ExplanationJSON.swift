import Formulas
import JSONValues
import Losses

extension Explanation {
  /// The members that `eval-expr --json` adds to those of design §5; names are stable, more may come.
  public var json: [JSONValue.Member] {
    [
      .init("rules", .array(canonical.rules.map { .string($0.rawValue) })),
      .init(
        "fingerprint",
        fingerprint.map { ["exact": .string($0.description), "family": .string($0.familyDescription)] } ?? nil),
      .init("warnings", .array(warnings.map { .string($0.rawValue) })),
      .init("properties", properties?.json ?? nil),
      .init("gradient", gradient?.json ?? nil),
      .init("nearest", .array(nearest.map(\.json))),
      .init("dead_parts", isComplete ? .array(deadParts.map(\.json)) : nil),
      .init("hazards", isComplete ? .array(hazards.map(\.json)) : nil),
      .init("scale", scale?.json ?? nil),
    ]
  }
}

extension PropertyReport {
  var json: JSONValue { ["passed": .bool(passed), "checks": .array(checks.map(\.json))] }
}

extension PropertyCheck {
  var json: JSONValue {
    [
      "code": .string(question.code), "sentence": .string(sentence), "passed": .bool(passed),
      "probes": .int(probes), "failures": .int(failures), "margin": margin.map { .double($0) } ?? nil,
      "margin_unit": .string(question.unit), "worst_probe": worst.map { .string($0.description) } ?? nil,
      "finding": finding.map { .string($0) } ?? nil,
    ]
  }
}

extension GradientStatistics {
  var json: JSONValue {
    [
      "entries": .int(entries), "non_finite": .int(nonFinite), "mean": Self.number(mean),
      "std": Self.number(standardDeviation), "max": Self.number(largest), "zero_share": Self.number(zeroShare),
      "negative_at_truth": Self.number(negativeAtTruth), "reference": .string(reference),
      "reference_ratio": .double(referenceRatio),
      "profile": .array(
        profile.map {
          [
            "subject": .string($0.subject), "at": .double($0.at), "gradient": .double($0.gradient),
            "reference": .double($0.reference), "ratio": .double($0.ratio),
          ]
        }),
    ]
  }

  private static func number(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? nil }
}

extension NearestLoss {
  var json: JSONValue {
    [
      "name": .string(name), "similarity": .double(similarity), "scale": .double(scale),
      "same_family": .bool(isSameFamily),
    ]
  }
}

extension DeadPart {
  var json: JSONValue {
    [
      "kind": .string(kind.rawValue), "node": .int(node), "part": .string(part),
      "number": number.map { .double($0) } ?? nil, "argument": argument.map { .string($0) } ?? nil,
      "message": .string(message),
    ]
  }
}

extension Hazard {
  /// `inputs` is a row for `eval-expr --inputs`.
  var json: JSONValue {
    [
      "code": .string(code.rawValue), "format": code.format.map { .string($0.rawValue) } ?? nil, "node": .int(node),
      "part": .string(part), "message": .string(message),
      "inputs": .object(numbers.map { .init($0.variable.rawValue, $0.json) }),
    ]
  }
}

extension ProbeNumbers {
  /// One row of C numbers, or a list of one number for boxes.
  var json: JSONValue {
    let numbers = JSONValue.array(row.map { .double($0) })
    switch variable {
    case .x, .y, .z, .q, .py, .ny: return [numbers]
    case .u, .i, .e: return numbers
    }
  }
}

extension ScaleSensitivity {
  var json: JSONValue {
    var degree: Double?
    if case .homogeneous(let found) = verdict { degree = found }
    return [
      "verdict": .string(verdict.code), "degree": degree.map { .double($0) } ?? nil, "mean_loss": .double(meanLoss),
      "rows": .array(
        rows.map {
          [
            "factor": .double($0.factor), "meaning": .string($0.meaning), "mean_loss": .double($0.meanLoss),
            "gradient_ratio": .double($0.gradientRatio), "cosine": .double($0.cosine),
          ]
        }),
    ]
  }
}
