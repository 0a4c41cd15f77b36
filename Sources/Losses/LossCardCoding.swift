import Formulas

/// Loss cards to and from YAML or JSON: every key is written, unknown keys are refused with a suggestion.
extension LossCard: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case autolossCard = "autoloss_card"
    case name, mode, formula
    case lossWeight = "loss_weight"
    case alpha, reduction
    case averageBy = "average_by"
    case iou
    case boxUnits = "box_units"
    case warnings, evidence, provenance
    case metric, parameterization, theta, tolerance
    case dropBackground = "drop_background"

    static let surrogateOnly: [CodingKeys] = [.metric, .parameterization, .theta, .tolerance, .dropBackground]
  }

  static let surrogateMode = "SURROGATE"

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .autolossCard)
    guard version == Self.version else {
      throw DecodingError.dataCorruptedError(
        forKey: .autolossCard, in: container,
        debugDescription: "autoloss_card is \(version), this program reads \(Self.version): update it")
    }
    name = try container.decode(String.self, forKey: .name)
    let mode = try container.decode(String.self, forKey: .mode)
    let isSurrogate = mode == Self.surrogateMode
    let foreign = isSurrogate ? [CodingKeys.formula] : CodingKeys.surrogateOnly
    try UnknownKeys.refuse(in: decoder, known: CodingKeys.allCases.filter { !foreign.contains($0) }.map(\.rawValue))
    kind = try isSurrogate ? .surrogate(SurrogateParameters(from: container)) : Self.formula(container, mode: mode)
    lossWeight = try container.decodeIfPresent(Double.self, forKey: .lossWeight) ?? 1
    alpha = try container.decodeIfPresent(Double.self, forKey: .alpha)
    guard lossWeight > 0, lossWeight.isFinite else {
      throw DecodingError.dataCorruptedError(
        forKey: .lossWeight, in: container, debugDescription: "\(lossWeight) is no weight: write a number above 0")
    }
    if let alpha, !(0...1).contains(alpha) {
      throw DecodingError.dataCorruptedError(
        forKey: .alpha, in: container, debugDescription: "\(alpha) is no share: write a number in 0 ... 1, or null")
    }
    reduction = try container.decodeIfPresent(Reduction.self, forKey: .reduction) ?? .mean
    averageBy = try container.decodeIfPresent(Average.self, forKey: .averageBy) ?? .sampled
    iou = try container.decodeIfPresent(IoUSource.self, forKey: .iou) ?? .none
    boxUnits = try container.decodeIfPresent(BoxUnits.self, forKey: .boxUnits) ?? .pixels
    warnings = try container.decodeIfPresent([String].self, forKey: .warnings) ?? []
    evidence = try container.decodeIfPresent([Evidence].self, forKey: .evidence) ?? []
    provenance = try container.decodeIfPresent(Provenance.self, forKey: .provenance) ?? Provenance()
  }

  private static func formula(_ container: KeyedDecodingContainer<CodingKeys>, mode name: String) throws -> Kind {
    guard let mode = Mode(rawValue: name) else {
      let known = Mode.allCases.map(\.rawValue) + [surrogateMode]
      throw DecodingError.dataCorruptedError(
        forKey: .mode, in: container,
        debugDescription: "mode '\(name)' is not known: use one of \(known.joined(separator: ", "))")
    }
    let text = try container.decode(String.self, forKey: .formula)
    do {
      return .formula(try Formula(parsing: text, mode: mode), mode)
    } catch {
      throw DecodingError.dataCorruptedError(forKey: .formula, in: container, debugDescription: error.rendering)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.version, forKey: .autolossCard)
    try container.encode(name, forKey: .name)
    switch kind {
    case .formula(let formula, let mode):
      try container.encode(mode, forKey: .mode)
      try container.encode(formula, forKey: .formula)
    case .surrogate(let surrogate):
      try container.encode(Self.surrogateMode, forKey: .mode)
      try surrogate.encode(to: &container)
    }
    try container.encode(lossWeight, forKey: .lossWeight)
    try container.encode(alpha, forKey: .alpha)
    try container.encode(reduction, forKey: .reduction)
    try container.encode(averageBy, forKey: .averageBy)
    try container.encode(iou, forKey: .iou)
    try container.encode(boxUnits, forKey: .boxUnits)
    try container.encode(warnings, forKey: .warnings)
    try container.encode(evidence, forKey: .evidence)
    try container.encode(provenance, forKey: .provenance)
  }
}

extension LossCard.Evidence {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(data, forKey: .data)
    try container.encode(split, forKey: .split)
    try container.encode(detector, forKey: .detector)
    try container.encode(seeds, forKey: .seeds)
    try container.encode(metric, forKey: .metric)
    try container.encode(mean, forKey: .mean)
    try container.encode(std, forKey: .std)
    try container.encode(baseline, forKey: .baseline)
    try container.encode(pairedInterval, forKey: .pairedInterval)
    try container.encode(command, forKey: .command)
  }

  public init(from decoder: any Decoder) throws {
    try UnknownKeys.refuse(in: decoder, known: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      data: try container.decode(String.self, forKey: .data), split: try container.decode(String.self, forKey: .split),
      detector: try container.decode(String.self, forKey: .detector),
      seeds: try container.decode([UInt64].self, forKey: .seeds),
      metric: try container.decode(String.self, forKey: .metric),
      mean: try container.decode(Double.self, forKey: .mean), std: try container.decode(Double.self, forKey: .std),
      baseline: try container.decodeIfPresent(String.self, forKey: .baseline),
      pairedInterval: try container.decodeIfPresent([Double].self, forKey: .pairedInterval),
      command: try container.decodeIfPresent(String.self, forKey: .command))
  }
}

extension LossCard.Provenance {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(source, forKey: .source)
    try container.encode(run, forKey: .run)
    try container.encode(seed, forKey: .seed)
    try container.encode(version, forKey: .version)
  }

  public init(from decoder: any Decoder) throws {
    try UnknownKeys.refuse(in: decoder, known: CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      source: try container.decodeIfPresent(String.self, forKey: .source),
      run: try container.decodeIfPresent(String.self, forKey: .run),
      seed: try container.decodeIfPresent(UInt64.self, forKey: .seed),
      version: try container.decodeIfPresent(String.self, forKey: .version))
  }
}

/// Finds keys that a schema does not have.
enum UnknownKeys {
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// - Throws: `DecodingError.dataCorrupted` naming the first unknown key and the nearest known one.
  static func refuse(in decoder: any Decoder, known: [String]) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    let unknown = container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
    guard let first = unknown.first else { return }
    let mend = NameSuggestion.nearest(to: first, among: known).map { "did you mean '\($0)'?" }
    throw DecodingError.dataCorrupted(
      DecodingError.Context(
        codingPath: decoder.codingPath,
        debugDescription: "unknown key '\(first)': " + (mend ?? "known are \(known.joined(separator: ", "))")))
  }
}
