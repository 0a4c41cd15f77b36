import Testing

/// Records an issue unless every entry lies within `tolerance` times the largest reference magnitude (at least `floor`).
func expectClose(
  _ found: [Float], _ reference: [Float], tolerance: Float, floor: Float = 1e-30, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard found.count == reference.count else {
    Issue.record("\(what): \(found.count) entries, reference \(reference.count)", sourceLocation: sourceLocation)
    return
  }
  let bound = tolerance * max(floor, reference.map(abs).max() ?? 0)
  for index in found.indices where !(abs(found[index] - reference[index]) <= bound) {
    Issue.record(
      "\(what)[\(index)]: \(found[index]), reference \(reference[index]), bound \(bound)",
      sourceLocation: sourceLocation)
    return
  }
}
