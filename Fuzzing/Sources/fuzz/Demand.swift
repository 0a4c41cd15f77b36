import Glibc

/// Ends the run as a crash of the input, saying which property it broke.
func demand(_ holds: @autoclosure () -> Bool, _ property: @autoclosure () -> String) {
  if !holds() { stop(property()) }
}

/// The value, or the end of the run with the error that should not have been thrown.
func unwrap<Value, Failure: Error>(_ property: String, _ body: () throws(Failure) -> Value) -> Value {
  do throws(Failure) {
    return try body()
  } catch {
    stop("\(property): \(error)")
  }
}

private func stop(_ property: String) -> Never {
  let line = Array("PROPERTY BROKEN: \(property)\n".utf8)
  _ = write(2, line, line.count)
  abort()
}
