import Foundation

/// An advisory lock that one process holds on a run folder; the system releases it when the process ends, however it ends.
final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock at once or throws `inUse`.
  init(folder: URL) throws(RunStoreError) {
    let path = folder.appendingPathComponent("run.lock").path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .unwritable(path: path, reason: String(cString: strerror(errno))) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      close(descriptor)
      if reason == EWOULDBLOCK { throw .inUse(folder: folder.path) }
      throw .unwritable(path: path, reason: String(cString: strerror(reason)))
    }
  }

  /// Gives the lock back; a second call does nothing.
  func release() { _ = flock(descriptor, LOCK_UN) }

  deinit { close(descriptor) }
}
