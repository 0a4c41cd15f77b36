import Formulas

/// A place for each variable's numbers; nil where there are none. Holds no memory of its own.
public struct VariablePointers<Pointer> {
  private var x: Pointer?
  private var y: Pointer?
  private var z: Pointer?
  private var q: Pointer?
  private var py: Pointer?
  private var ny: Pointer?
  private var u: Pointer?
  private var i: Pointer?
  private var e: Pointer?

  /// Two-stage and one-stage classification, or the three areas; what is not given is nil.
  public init(
    x: Pointer? = nil, y: Pointer? = nil, z: Pointer? = nil, q: Pointer? = nil, py: Pointer? = nil, ny: Pointer? = nil,
    u: Pointer? = nil, i: Pointer? = nil, e: Pointer? = nil
  ) {
    (self.x, self.y, self.z, self.q, self.py, self.ny) = (x, y, z, q, py, ny)
    (self.u, self.i, self.e) = (u, i, e)
  }

  public subscript(_ variable: Variable) -> Pointer? {
    get {
      switch variable {
      case .x: x
      case .y: y
      case .z: z
      case .q: q
      case .py: py
      case .ny: ny
      case .u: u
      case .i: i
      case .e: e
      }
    }
    set {
      switch variable {
      case .x: x = newValue
      case .y: y = newValue
      case .z: z = newValue
      case .q: q = newValue
      case .py: py = newValue
      case .ny: ny = newValue
      case .u: u = newValue
      case .i: i = newValue
      case .e: e = newValue
      }
    }
  }
}

/// Where the variables of a formula are read.
public typealias InputPointers = VariablePointers<UnsafePointer<Float>>
/// Where the gradients with respect to the variables are written.
public typealias GradientPointers = VariablePointers<UnsafeMutablePointer<Float>>
