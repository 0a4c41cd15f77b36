/// The search spaces that are built into the program: the files of `search_spaces/`.
enum EmbeddedSpaces {
  static let all: [String: String] = [
    SearchTask.detectionTwoStage.rawValue: String(
      decoding: PackageResources.detection_twostage_yaml, as: UTF8.self),
    SearchTask.detectionOneStage.rawValue: String(
      decoding: PackageResources.detection_onestage_yaml, as: UTF8.self),
    SearchTask.segmentation.rawValue: String(decoding: PackageResources.segmentation_yaml, as: UTF8.self),
    "segmentation-miou": String(decoding: PackageResources.segmentation_miou_yaml, as: UTF8.self),
    "segmentation-fwiou": String(decoding: PackageResources.segmentation_fwiou_yaml, as: UTF8.self),
    "segmentation-macc": String(decoding: PackageResources.segmentation_macc_yaml, as: UTF8.self),
    "segmentation-gacc": String(decoding: PackageResources.segmentation_gacc_yaml, as: UTF8.self),
    "segmentation-biou": String(decoding: PackageResources.segmentation_biou_yaml, as: UTF8.self),
    "segmentation-bf1": String(decoding: PackageResources.segmentation_bf1_yaml, as: UTF8.self),
  ]

  static var names: [String] { all.keys.sorted() }
}

extension SearchSpaceFile {
  /// The names of the search spaces that are built in.
  public static var embeddedNames: [String] { EmbeddedSpaces.names }
}
