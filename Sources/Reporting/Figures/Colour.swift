/// The colours of figures: Okabe and Ito's palette (2008), which colour-blind readers can tell apart, and greys.
public enum Colour: String, Hashable, Sendable, CaseIterable {
  case blue, vermilion, green, purple, orange, sky, black, grey, light, white

  /// For the first, second, third … curve; after the last it starts anew.
  public static func ofSeries(_ index: Int) -> Colour {
    let cycle: [Colour] = [.blue, .vermilion, .green, .purple, .orange, .sky]
    return cycle[((index % cycle.count) + cycle.count) % cycle.count]
  }

  /// Red, green and blue, each 0 to 255.
  var components: (red: UInt8, green: UInt8, blue: UInt8) {
    switch self {
    case .blue: (0, 114, 178)
    case .vermilion: (213, 94, 0)
    case .green: (0, 158, 115)
    case .purple: (204, 121, 167)
    case .orange: (230, 159, 0)
    case .sky: (86, 180, 233)
    case .black: (34, 34, 34)
    case .grey: (120, 120, 120)
    case .light: (224, 224, 224)
    case .white: (255, 255, 255)
    }
  }
}
