import COneDNN

/// One CPU engine and stream of oneDNN; each network owns its own.
final class Engine {
  let handle: dnnl_engine_t
  let stream: dnnl_stream_t

  init() throws(NetworkError) {
    var engine: dnnl_engine_t?
    try Engine.check(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine", "dnnl_engine_create", "")
    guard let engine else { throw .oneDNN(layer: "engine", call: "dnnl_engine_create", shapes: "", status: -1) }
    var stream: dnnl_stream_t?
    let status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue)
    guard status == dnnl_success, let stream else {
      dnnl_engine_destroy(engine)
      throw .oneDNN(layer: "engine", call: "dnnl_stream_create", shapes: "", status: Int(status.rawValue))
    }
    handle = engine
    self.stream = stream
  }

  /// Whether oneDNN has Winograd convolutions for this processor (AVX-512 only).
  static var hasWinograd: Bool {
    let isa = dnnl_get_effective_cpu_isa().rawValue
    return isa & dnnl_cpu_isa_avx512_core.rawValue == dnnl_cpu_isa_avx512_core.rawValue
  }

  deinit {
    dnnl_stream_destroy(stream)
    dnnl_engine_destroy(handle)
  }

  /// Throws unless oneDNN reports success; `shapes` is evaluated only then.
  static func check(
    _ status: dnnl_status_t, _ layer: String, _ call: String, _ shapes: @autoclosure () -> String
  ) throws(NetworkError) {
    guard status == dnnl_success else {
      throw .oneDNN(layer: layer, call: call, shapes: shapes(), status: Int(status.rawValue))
    }
  }
}
