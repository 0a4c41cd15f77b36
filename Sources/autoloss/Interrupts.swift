import Foundation
import Search

/// Turns Ctrl-C (and a polite kill) into a request to stop cleanly; the second one ends the process at once.
enum Interrupts {
  /// Shared by everything that can stop.
  static let cancellation = Cancellation()

  /// Call once, before any other thread exists: they inherit the mask, so that one thread alone receives the signals.
  static func install() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    // A reader that closes our output early, such as `head`, is no crash.
    signal(SIGPIPE, SIG_DFL)
    let awaited = signals
    Thread.detachNewThread {
      var signals = awaited
      var received: Int32 = 0
      while sigwait(&signals, &received) == 0 {
        if cancellation.isRequested { _exit(ExitStatus.interrupted.rawValue) }
        cancellation.request()
        if isatty(STDERR_FILENO) == 1 {
          Console.error("\nstopping after the step under way; press Ctrl-C again to stop at once")
        }
      }
    }
  }
}
