import Formulas

/// What formulas of one branch are made of, and how large they may grow.
public struct GrammarSettings: Codable, Hashable, Sendable {
  /// The mode decides variables, shapes and the shape of the result.
  public var mode: Mode
  /// Allowed primitives; a subset of the mode's. CSE-Autoloss, appendix: all of them.
  public var primitives: [Primitive]
  /// Allowed variables; a subset of the mode's. CSE-Autoloss: all of them.
  public var variables: [Variable]
  /// Literals. CSE-Autoloss: 1, 2, 3.
  public var constants = [1.0, 2.0, 3.0]
  /// Random formulas: least and greatest depth drawn (edges from the root to the deepest leaf). Ours.
  public var minimumDepth = 2
  public var maximumDepth = 5
  /// No formula of the search is deeper. Ours; the deepest published one (CSE-Autoloss-B, classification) has 9.
  public var depthLimit = 12
  /// No formula of the search has more distinct nodes. Ours; the largest published one has 23.
  public var nodeLimit = 40
  /// How random formulas grow. Half and half is Koza's (1992) ramped method.
  public var method = GenerationMethod.halfAndHalf
  /// Chance that a growing branch ends in a leaf where a primitive would fit as well. Ours.
  public var leafProbability = 0.3
  /// Chance that a constant part is a bare literal rather than computed from literals. Ours.
  public var literalProbability = 0.9
  /// Relative weight of each primitive of one argument, of each of two, and of each way to reduce the classes. Ours.
  public var unaryWeight = 1.0
  public var binaryWeight = 1.0
  public var reducingWeight = 1.0
  /// Relative weight of the forms of a two-argument primitive where one argument is constant. Ours.
  public var constantArgumentWeight = 0.5

  /// The full grammar of a mode.
  public init(mode: Mode) {
    self.mode = mode
    primitives = mode.primitives
    variables = mode.variables
  }

  /// What is contradictory or out of range, in words; empty when the settings can be used.
  public var problems: [String] {
    var found: [String] = []
    func require(_ holds: Bool, _ problem: String) { if !holds { found.append(problem) } }
    for primitive in primitives where !mode.primitives.contains(primitive) {
      found.append("primitives: \(primitive.rawValue) is none of \(mode.rawValue)")
    }
    for variable in variables where !mode.variables.contains(variable) {
      found.append("variables: \(variable.rawValue) is none of \(mode.rawValue)")
    }
    require(
      variables.contains { mode.differentiableVariables.contains($0) },
      "variables must name one that depends on the prediction")
    require(!constants.isEmpty && constants.allSatisfy(\.isFinite), "constants must name at least one finite number")
    require(minimumDepth >= 1, "minimumDepth must be at least 1")
    require(maximumDepth >= minimumDepth, "maximumDepth must be at least minimumDepth")
    require(depthLimit >= maximumDepth, "depthLimit must be at least maximumDepth")
    require(nodeLimit >= 5, "nodeLimit must be at least 5")
    require((0...1).contains(leafProbability), "leafProbability must lie in 0...1")
    require((0...1).contains(literalProbability), "literalProbability must lie in 0...1")
    for (name, weight) in [
      ("unaryWeight", unaryWeight), ("binaryWeight", binaryWeight), ("reducingWeight", reducingWeight),
      ("constantArgumentWeight", constantArgumentWeight),
    ] {
      require(weight >= 0 && weight.isFinite, "\(name) must be at least 0")
    }
    if found.isEmpty, Grammar(self).leastDepth(of: Grammar.resultShape(of: mode)) == nil {
      found.append("no formula of these primitives has the shape that \(mode.rawValue) trains on")
    }
    return found
  }
}

/// How a random formula grows.
public enum GenerationMethod: String, Codable, Hashable, Sendable, CaseIterable {
  /// Branches may end early.
  case grow
  /// Every branch goes as deep as it can.
  case full
  /// One of the two, each with chance one half, at a depth drawn from the allowed ones.
  case halfAndHalf
}
