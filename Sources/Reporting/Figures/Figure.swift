/// A picture of curves: panels in a grid under a title, with one legend for all of them.
public struct Figure: Hashable, Sendable {
  /// Drawn above the panels, wrapped where it is long.
  public var title: String
  /// Smaller lines under the title.
  public var notes: [String]
  /// In reading order.
  public var panels: [Panel]
  /// Panels beside one another; at least 1.
  public var columns: Int

  public init(title: String, notes: [String] = [], panels: [Panel], columns: Int = 2) {
    (self.title, self.notes, self.panels, self.columns) = (title, notes, panels, max(columns, 1))
  }

  /// One coordinate system with its curves.
  public struct Panel: Hashable, Sendable {
    public var title: String
    public var x: Axis
    public var y: Axis
    public var series: [Series]

    public init(title: String, x: Axis, y: Axis, series: [Series]) {
      (self.title, self.x, self.y, self.series) = (title, x, y, series)
    }
  }

  /// A direction of a panel.
  public struct Axis: Hashable, Sendable {
    public enum Scale: String, Hashable, Sendable, CaseIterable {
      case linear
      /// Powers of ten; numbers that are not positive have no place on it.
      case logarithmic
    }

    public var label: String
    public var scale: Scale
    /// What is shown; nil shows all finite numbers of the series.
    public var range: ClosedRange<Double>?

    public init(_ label: String, scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
      (self.label, self.scale, self.range) = (label, scale, range)
    }
  }

  /// A curve through points; a point that is not finite leaves a gap.
  public struct Series: Hashable, Sendable {
    public var label: String
    public var points: [Point]
    public var colour: Colour
    public var stroke: Stroke

    public init(_ label: String, points: [Point], colour: Colour, stroke: Stroke = .solid) {
      (self.label, self.points, self.colour, self.stroke) = (label, points, colour, stroke)
    }
  }

  public struct Point: Hashable, Sendable {
    public var x, y: Double

    public init(x: Double, y: Double) {
      (self.x, self.y) = (x, y)
    }

    var isFinite: Bool { x.isFinite && y.isFinite }
  }

  /// How a line is drawn.
  public enum Stroke: String, Hashable, Sendable, CaseIterable {
    case solid, dashed, dotted
  }
}
