/// Everything that decides what a search for surrogates finds.
public struct SurrogateConfiguration: StoredConfiguration {
  public static let kind = RunKind.surrogate

  /// Version of this schema.
  public var run = 1
  /// Version of the program that started the run.
  public var program: String
  /// `synthetic` or the data folder.
  public var data: String
  public var seed: UInt64
  public var space: SurrogateSpace

  public init(program: String, data: String, seed: UInt64, space: SurrogateSpace) {
    (self.program, self.data, self.seed, self.space) = (program, data, seed, space)
  }

  /// The command line of this search, with every setting that is not as its embedded space has it.
  public func command() throws -> String {
    let words = ["autoloss surrogate search --metric", space.metric.rawValue, "--data", dataName]
    let options = try space.commandOptions(over: SurrogateSpace.embeddedName(space.metric))
    return (words + options + ["--seed", "\(seed)"]).joined(separator: " ")
  }

  /// The seed of the first, second … training of one kind.
  func seed(_ purpose: SurrogatePurpose, _ index: Int = 0) -> UInt64 {
    segmenterSeed(purpose.rawValue, index)
  }

  /// A theta's training for its reward, or with a further seed.
  ///
  /// Throws `SegmentationLossError` for a theta that is none of the space.
  func request(_ theta: ThetaRecord, seed index: Int = 0) throws -> SurrogateRequest {
    SurrogateRequest(
      loss: .surrogate(try space.parameters(theta.controlPoints)), purpose: .proxy, seed: seed(.proxy, index))
  }
}
