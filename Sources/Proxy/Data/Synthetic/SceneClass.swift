/// The seven kinds of object in the synthetic scenes, each with its own outline, texture and colour.
///
/// Outlines live in local coordinates (u, v) in [−1, 1]². Only arithmetic that is exact or correctly rounded everywhere
/// is used, so that a scene is the same on every machine.
public enum SceneClass: Int, CaseIterable, Sendable {
  case disk, brick, wedge, star, ring, cross, crescent

  /// The name in the data set.
  public var name: String {
    switch self {
    case .disk: "disk"
    case .brick: "brick"
    case .wedge: "wedge"
    case .star: "star"
    case .ring: "ring"
    case .cross: "cross"
    case .crescent: "crescent"
    }
  }

  /// How often it is drawn: a long tail from 32 to 4 percent.
  var frequency: Double {
    switch self {
    case .disk: 0.32
    case .brick: 0.22
    case .wedge: 0.16
    case .star: 0.12
    case .ring: 0.08
    case .cross: 0.06
    case .crescent: 0.04
    }
  }

  /// Middle of its colours, 0 to 255; each object is jittered around it.
  var color: SceneColor {
    switch self {
    case .disk: SceneColor(red: 205, green: 70, blue: 50)
    case .brick: SceneColor(red: 60, green: 95, blue: 205)
    case .wedge: SceneColor(red: 65, green: 160, blue: 70)
    case .star: SceneColor(red: 228, green: 190, blue: 55)
    case .ring: SceneColor(red: 180, green: 75, blue: 175)
    case .cross: SceneColor(red: 55, green: 180, blue: 185)
    case .crescent: SceneColor(red: 232, green: 228, blue: 222)
    }
  }

  /// Whether a local point belongs to the outline.
  func contains(_ u: Double, _ v: Double) -> Bool {
    switch self {
    case .disk: return u * u + v * v <= 1
    case .brick: return abs(u) <= 0.88 && abs(v) <= 0.72
    case .wedge: return v <= 0.75 && abs(u) <= (v + 1) * 0.55
    case .star: return Self.starContains(u, v)
    case .ring:
      let square = u * u + v * v
      return square <= 1 && square >= 0.27
    case .cross: return (abs(u) <= 0.34 && abs(v) <= 1) || (abs(v) <= 0.34 && abs(u) <= 1)
    case .crescent:
      let inner = (u - 0.55) * (u - 0.55) + v * v
      return u * u + v * v <= 1 && inner >= 0.55
    }
  }

  /// Brightness of the texture at a local point, around 1.
  func texture(_ u: Double, _ v: Double) -> Double {
    switch self {
    case .disk: return Self.isOdd((u * u + v * v) * 3.2) ? 0.68 : 1.08
    case .brick: return Self.isOdd((u + 1) * 2.2) != Self.isOdd((v + 1) * 2.2) ? 0.70 : 1.10
    case .wedge: return Self.isOdd((v + 1) * 3) ? 0.66 : 1.10
    case .star: return 1.15 - 0.40 * min(1, u * u + v * v)
    case .ring: return Self.isOdd((u + 1) * 3) && Self.isOdd((v + 1) * 3) ? 0.72 : 1.05
    case .cross: return Self.isOdd((u + v + 2) * 2.5) ? 0.72 : 1.08
    case .crescent: return Self.isOdd((u - v + 2) * 3.5) ? 0.84 : 1.02
    }
  }

  private static func isOdd(_ value: Double) -> Bool { Int(value) & 1 == 1 }

  /// The ten corners of a five-pointed star with unit outer radius, first point up.
  private static let starCorners: [(x: Double, y: Double)] = [
    (0, -1), (0.264503, -0.364058), (0.951057, -0.309017), (0.427976, 0.139058), (0.587785, 0.809017), (0, 0.45),
    (-0.587785, 0.809017), (-0.427976, 0.139058), (-0.951057, -0.309017), (-0.264503, -0.364058),
  ]

  /// Even-odd rule.
  private static func starContains(_ u: Double, _ v: Double) -> Bool {
    guard u * u + v * v <= 1 else { return false }
    var inside = false
    var previous = starCorners[9]
    for corner in starCorners {
      if (corner.y > v) != (previous.y > v) {
        let crossing = corner.x + (v - corner.y) * (previous.x - corner.x) / (previous.y - corner.y)
        if u < crossing { inside.toggle() }
      }
      previous = corner
    }
    return inside
  }
}

/// A colour in Double, 0 to 255 a channel.
struct SceneColor {
  var red: Double
  var green: Double
  var blue: Double

  func scaled(_ factor: Double) -> SceneColor {
    SceneColor(red: red * factor, green: green * factor, blue: blue * factor)
  }

  /// Toward another colour by a share of 0 to 1.
  func mixed(_ other: SceneColor, _ share: Double) -> SceneColor {
    SceneColor(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share)
  }
}
