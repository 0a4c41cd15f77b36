import COneDNN
import COpenBLAS

/// Keeps oneDNN and OpenBLAS on the calling thread, so that workers do not disturb each other and results do not vary.
public enum SingleThread {
  /// OpenBLAS keeps one number for the whole process; it is set once.
  private static let openBLAS: Void = openblas_set_num_threads(1)

  /// Call at the start of work on a thread. `Network` calls it at every build, forward and backward, so that
  /// tasks that move between threads are safe; it costs some nanoseconds.
  public static func enter() {
    _ = openBLAS
    omp_set_num_threads(1)
  }
}
