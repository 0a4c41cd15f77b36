import Foundation

/// Replaces files as a whole: a reader, or a process that starts after a crash, finds the old content or the new one.
package enum AtomicFile {
  /// Writes beside the file, brings that to the disk, then renames.
  ///
  /// - Throws: `CheckpointError.unwritable`; the old file then is as it was.
  package static func write(_ bytes: [UInt8], to url: URL) throws(CheckpointError) {
    let path = url.path
    // A fixed name, so that what a killed process left there is replaced.
    let unfinished = path + ".unfinished"
    let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(path) }
    let isWritten = put(bytes, descriptor) && fsync(descriptor) == 0
    let reason = errno
    close(descriptor)
    guard isWritten else {
      unlink(unfinished)
      errno = reason
      throw failure(path)
    }
    guard rename(unfinished, path) == 0 else { throw failure(path) }
    // The folder's entry, too, is to survive a power cut; where folders cannot be synchronised it stays a wish.
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  package static func write(_ text: String, to url: URL) throws(CheckpointError) {
    try write(Array(text.utf8), to: url)
  }

  private static func put(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var place = 0
      while place < buffer.count {
        let count = Foundation.write(descriptor, buffer.baseAddress?.advanced(by: place), buffer.count - place)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        place += count
      }
      return true
    }
  }

  private static func failure(_ path: String) -> CheckpointError {
    .unwritable(path: path, reason: String(cString: strerror(errno)))
  }
}
