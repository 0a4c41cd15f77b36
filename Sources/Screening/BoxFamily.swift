/// A way in which a predicted box can differ from its target, as a table of starting boxes.
///
/// The probes of a family lie on the straight line, in corner coordinates, from each start to the end. Starts are in units
/// of the target: (dx, dy) shifts the center by that many target widths and heights, (sw, sh) scales the sides.
/// Along these lines IoU rises strictly while the boxes overlap, whatever the target's size and aspect.
public enum BoxFamily: String, Codable, Hashable, Sendable, CaseIterable {
  case shift, growth, shrinking, aspect, mixture
  /// The boxes touch nowhere: only "never rises" is asked (IoU and CSE-Autoloss-A are flat there).
  case disjoint
  /// One box moves inside the other: U, I and E do not change, so only "never rises" is asked.
  case nestedShift

  /// Whether the loss has to fall strictly towards the target.
  public var isStrict: Bool {
    switch self {
    case .shift, .growth, .shrinking, .aspect, .mixture: true
    case .disjoint, .nestedShift: false
    }
  }

  /// (dx, dy, sw, sh) of each start.
  var starts: [(dx: Double, dy: Double, sw: Double, sh: Double)] {
    switch self {
    case .shift:
      [
        (0.95, 0, 1, 1), (-0.95, 0, 1, 1), (0, 0.95, 1, 1), (0, -0.95, 1, 1), (0.7, 0.7, 1, 1), (0.9, -0.5, 1, 1),
        (-0.3, 0.6, 1, 1),
      ]
    case .growth: [(0, 0, 0.1, 0.1), (0, 0, 0.3, 0.3), (0, 0, 0.6, 0.6)]
    case .shrinking: [(0, 0, 4, 4), (0, 0, 2.5, 2.5), (0, 0, 1.5, 1.5)]
    case .aspect:
      [(0, 0, 2, 0.5), (0, 0, 0.5, 2), (0, 0, 4, 1), (0, 0, 1, 4), (0, 0, 0.25, 1), (0, 0, 1, 0.25), (0, 0, 4, 0.25)]
    case .mixture:
      [
        (0.5, 0.3, 1.5, 0.7), (0.4, -0.4, 0.5, 0.5), (0.6, 0.2, 2, 1), (-0.3, 0.3, 3, 3), (-0.3, 0.5, 0.4, 2),
        (0.8, 0, 0.5, 0.5), (1.2, 0, 2, 2), (1, 1, 2, 2), (0.25, 0, 0.5, 0.5), (0.5, 0.5, 2, 2), (0.45, 0.45, 0.1, 0.1),
      ]
    case .disjoint:
      [(2, 0, 1, 1), (3, 3, 1, 1), (0, -5, 1, 1), (4, 0, 2, 2), (0, 4, 0.5, 0.5), (3, 1, 2, 0.5)]
    case .nestedShift:
      [(0.25, 0.25, 0.5, 0.5), (0.4, 0, 0.2, 0.2), (0.5, 0.5, 2, 2), (-1.5, 0, 4, 4)]
    }
  }
}
