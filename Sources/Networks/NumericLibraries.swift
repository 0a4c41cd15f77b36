import COneDNN
import COpenBLAS

/// The versions of the numeric libraries that this program runs with, as they report them.
public enum NumericLibraries {
  public static var oneDNN: String {
    guard let version = dnnl_version()?.pointee else { return "oneDNN unknown" }
    return "oneDNN \(version.major).\(version.minor).\(version.patch)"
  }

  /// With the build's processor target.
  public static var openBLAS: String {
    guard let text = openblas_get_config() else { return "OpenBLAS unknown" }
    return String(cString: text).split(separator: " ").prefix(2).joined(separator: " ")
  }
}
