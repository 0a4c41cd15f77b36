import CPNG
import Networks

/// The libraries that decide scores and pictures, with their versions.
public enum LibraryVersions {
  /// Those that compute: a run resumed with others may differ in the last digits.
  public static var numeric: [String] { [NumericLibraries.oneDNN, NumericLibraries.openBLAS] }

  /// Those that decode pictures.
  public static var images: [String] {
    let png = Int(png_access_version_number())
    return ["libpng \(png / 10_000).\(png / 100 % 100).\(png % 100)", "libjpeg-turbo (TurboJPEG API 2)"]
  }
}
