/// The functions of a generated Python file that PyTorch does not have as they are needed.
enum PythonHelper: CaseIterable {
  case shifted, exp, log, div, sgdf, salf, serf, constant

  /// The function; nil where PyTorch's own will do.
  init?(_ primitive: Primitive) {
    switch primitive {
    case .exp: self = .exp
    case .log: self = .log
    case .div: self = .div
    case .sgdf: self = .sgdf
    case .salf: self = .salf
    case .serf: self = .serf
    case .neg, .abs, .sqrt, .softmax, .softplus, .sig, .tanh, .sin, .cos, .relu, .add, .sub, .mul, .dot: return nil
    }
  }

  /// The constants that some helpers need, in order.
  static func constants(of helpers: [PythonHelper]) -> [String] {
    var lines: [String] = []
    if helpers.contains(.shifted) {
      lines.append("EPSILON = 1e-20  # added to the argument of log and to divisors")
    }
    if helpers.contains(.exp) {
      lines.append("EXP_LIMIT = 88.0  # exp clamps its argument here; its gradient is 0 from here on")
    }
    if helpers.contains(.sgdf) || helpers.contains(.serf) { lines.append("PI = 3.141592653589793") }
    return lines
  }

  var definition: String {
    switch self {
    case .shifted:
      """
      def _shifted(a: Tensor) -> Tensor:
          # The optimizer of ONNX graphs takes a scalar this small for 0 and drops the sum, so eps has an axis.
          return (a + torch.full((1,), EPSILON, dtype=a.dtype, device=a.device)).reshape(a.shape)
      """
    case .exp:
      """
      def _exp(a: Tensor) -> Tensor:
          return torch.exp(torch.where(a < EXP_LIMIT, a, a.detach().clamp(max=EXP_LIMIT)))
      """
    case .log:
      """
      def _log(a: Tensor) -> Tensor:
          return torch.log(_shifted(a))
      """
    case .div:
      """
      class _Quotient(torch.autograd.Function):
          # a / d with the gradient of d as -(g / d) * (a / d): PyTorch's own is nan where only eps keeps d from 0.
          generate_vmap_rule = True

          @staticmethod
          def forward(a: Tensor, d: Tensor) -> Tensor:
              return a / d

          @staticmethod
          def setup_context(ctx, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
              ctx.save_for_backward(inputs[1], output)

          @staticmethod
          def backward(ctx, g: Tensor) -> tuple[Tensor, Tensor]:
              d, quotient = ctx.saved_tensors
              share = g / d
              return share, -share * quotient


      class _DualQuotient(_Quotient):
          # The same with a derivative forward, for torch.func.jvp and hessian; torch.compile takes no such function.
          @staticmethod
          def setup_context(ctx, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
              ctx.save_for_backward(inputs[1], output)
              ctx.save_for_forward(inputs[1], output)

          @staticmethod
          def jvp(ctx, a: Tensor | None, b: Tensor | None) -> Tensor:
              d, quotient = ctx.saved_tensors
              moved = torch.zeros_like(quotient) if a is None else a / d
              return moved if b is None else moved - quotient * (b / d)


      def _div(a: Tensor, b: Tensor) -> Tensor:
          d = _shifted(b)
          shape = torch.broadcast_shapes(a.shape, d.shape)
          a, d = a.expand(shape), d.expand(shape)
          if not torch.compiler.is_compiling():
              return _DualQuotient.apply(a, d)
          return _Quotient.apply(a, d) if a.requires_grad or d.requires_grad else a / d
      """
    case .sgdf:
      """
      def _sgdf(a: Tensor) -> Tensor:
          return 0.5 * (1 + 4 / PI * torch.atan(torch.tanh(PI * a / 8)))
      """
    case .salf:
      """
      def _salf(a: Tensor) -> Tensor:
          h = a / 2
          return 0.5 * (1 + h / torch.sqrt(1 + h * h))
      """
    case .serf:
      """
      def _serf(a: Tensor) -> Tensor:
          return 0.5 * (1 + torch.erf(a * (PI**0.5 / 4)))
      """
    case .constant:
      """
      def _constant(value: float, like: Tensor) -> Tensor:
          return torch.full((1,), value, dtype=torch.float32, device=like.device)
      """
    }
  }
}
