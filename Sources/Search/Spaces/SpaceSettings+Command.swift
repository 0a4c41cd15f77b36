/// A space as the options `--profile` and `--set` that make it of an embedded one.
extension SpaceSettings {
  /// Words of a command line, each quoted for a shell where it must be; none for the embedded space as it is.
  ///
  /// Of the profiles, the one that leaves the fewest keys to set. A file of `--space` is written out by its keys too, so that
  /// the command needs nothing beside it.
  /// - Parameters:
  ///   - name: the embedded space that the verb takes without `--space`.
  ///   - others: keys that other options of the command say.
  func commandOptions(over name: String, besides others: Set<String> = []) throws -> [String] {
    let file = try SearchSpaceFile.named(name)
    let written = try YAMLText.text(of: self)
    func overrides(_ profile: String?) throws -> [String] {
      let base: Self = try file.settings(profile: profile, overrides: [])
      return try YAMLText.differences(written, YAMLText.text(of: base)).compactMap { difference in
        others.contains(difference.key) ? nil : difference.ours.map { "\(difference.key)=\(YAMLText.inline($0))" }
      }
    }
    var best = (profile: String?.none, overrides: try overrides(nil))
    for profile in try file.profiles() {
      let found = try overrides(profile)
      if found.count < best.overrides.count { best = (profile, found) }
    }
    return (best.profile.map { ["--profile", $0] } ?? []) + best.overrides.flatMap { ["--set", Self.quoted($0)] }
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "_-./=+,:".contains($0) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
