import Screening
import Evolution
import Proxy

/// A search space is written with the keys of its task: a segmenter has no boxes, a detector no label maps.
extension SearchSpace {
  private enum CodingKeys: String, CodingKey {
    case searchSpace, task, branch, defaults, warmStart, grammar, verification, simulation, detector, initialWeights
    case data, training, segmentation, evolution, selection
  }

  private enum BranchKeys: String, CodingKey {
    case classification, regression
  }

  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    self.init(task: try keys.decode(SearchTask.self, forKey: .task))
    searchSpace = try keys.decode(Int.self, forKey: .searchSpace)
    branch = try keys.decode(SearchBranch.self, forKey: .branch)
    verification = try keys.decode(VerificationSettings.self, forKey: .verification)
    simulation = try keys.decode(SimulationSettings.self, forKey: .simulation)
    evolution = try keys.decode(EvolutionSettings.self, forKey: .evolution)
    selection = try keys.decode(SelectionSettings.self, forKey: .selection)
    guard task != .segmentation else {
      defaults.classification = try Self.classification(of: .defaults, in: keys)
      warmStart.classification = try Self.classification(of: .warmStart, in: keys)
      grammar.classification = try Self.classification(of: .grammar, in: keys)
      segmentation = try keys.decode(SegmentationTarget.self, forKey: .segmentation)
      return
    }
    defaults = try keys.decode(DefaultLosses.self, forKey: .defaults)
    warmStart = try keys.decode(WarmStart.self, forKey: .warmStart)
    grammar = try keys.decode(BranchGrammars.self, forKey: .grammar)
    detector = try keys.decode(DetectorSettings.self, forKey: .detector)
    initialWeights = try keys.decode(InitialWeights.self, forKey: .initialWeights)
    data = try keys.decode(DataSettings.self, forKey: .data)
    training = try keys.decode(TrainingSchedules.self, forKey: .training)
  }

  private static func classification<Value: Decodable>(
    of key: CodingKeys, in keys: KeyedDecodingContainer<CodingKeys>
  ) throws -> Value {
    try keys.nestedContainer(keyedBy: BranchKeys.self, forKey: key).decode(Value.self, forKey: .classification)
  }

  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(searchSpace, forKey: .searchSpace)
    try keys.encode(task, forKey: .task)
    try keys.encode(branch, forKey: .branch)
    if task == .segmentation {
      try Self.encode(defaults.classification, of: .defaults, in: &keys)
      try Self.encode(warmStart.classification, of: .warmStart, in: &keys)
      try Self.encode(grammar.classification, of: .grammar, in: &keys)
    } else {
      try keys.encode(defaults, forKey: .defaults)
      try keys.encode(warmStart, forKey: .warmStart)
      try keys.encode(grammar, forKey: .grammar)
    }
    try keys.encode(verification, forKey: .verification)
    try keys.encode(simulation, forKey: .simulation)
    if task != .segmentation {
      try keys.encode(detector, forKey: .detector)
      try keys.encode(initialWeights, forKey: .initialWeights)
      try keys.encode(data, forKey: .data)
      try keys.encode(training, forKey: .training)
    }
    try keys.encodeIfPresent(segmentation, forKey: .segmentation)
    try keys.encode(evolution, forKey: .evolution)
    try keys.encode(selection, forKey: .selection)
  }

  private static func encode<Value: Encodable>(
    _ value: Value, of key: CodingKeys, in keys: inout KeyedEncodingContainer<CodingKeys>
  ) throws {
    var branch = keys.nestedContainer(keyedBy: BranchKeys.self, forKey: key)
    try branch.encode(value, forKey: .classification)
  }
}
