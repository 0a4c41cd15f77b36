import Foundation
import Search

/// Turns Ctrl-C (and a polite kill) into a request to stop cleanly; the second one ends the process at once.
enum Interrupts {
  /// Shared by everything that can stop.
  static let cancellation = Cancellation()

  /// Call once. A handler is needed rather than a blocked signal that one thread waits for: OpenBLAS starts threads
  /// before `main`, and a signal would end the process through one of them.
  static func install() {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return }
    // The handler may only do what is safe in the middle of anything: it writes the signal's byte to the far end, whose
    // number it knows.
    guard dup2(ends[1], handlerEnd) == handlerEnd else { return }
    close(ends[1])
    for end in [ends[0], handlerEnd] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in
        var byte: UInt8 = 1
        let before = errno
        _ = write(handlerEnd, &byte, 1)
        errno = before
      }
      action.sa_flags = Int32(SA_RESTART)
      sigaction(number, &action, nil)
    }
    // Whoever started us may have blocked them.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    // A reader that closes our output early, such as `head`, is no crash.
    signal(SIGPIPE, SIG_DFL)
    // A file that the system lets grow no further is an error of writing, which is told.
    signal(SIGXFSZ, SIG_IGN)
    let source = ends[0]
    Thread.detachNewThread { listen(to: source) }
  }

  private static func listen(to source: Int32) {
    var byte: UInt8 = 0
    while true {
      let count = read(source, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { return }
      if cancellation.isRequested { _exit(ExitStatus.interrupted.rawValue) }
      cancellation.request()
      if isatty(STDERR_FILENO) == 1 {
        Console.error("\nstopping after the step under way; press Ctrl-C again to stop at once")
      }
    }
  }
}

/// The descriptor that the signal handler writes to: a constant, so that the handler reads no memory that another thread
/// may be writing; far above those that the system hands out.
private let handlerEnd: Int32 = 255
