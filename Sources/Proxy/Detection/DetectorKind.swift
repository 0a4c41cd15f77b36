import Formulas

/// The detectors that can be trained.
public enum DetectorKind: String, Codable, Hashable, Sendable, CaseIterable {
  /// Faster R-CNN with a feature pyramid (Ren et al., 2015; Lin et al., 2017).
  case fasterRCNN = "faster-rcnn"
  /// Cascade R-CNN: box heads one after the other (Cai and Vasconcelos, 2018).
  case cascadeRCNN = "cascade-rcnn"
  /// Mask R-CNN: Faster R-CNN with a mask head (He et al., 2017).
  case maskRCNN = "mask-rcnn"
  /// FCOS with centre sampling (Tian et al., 2019).
  case fcos
  /// ATSS (Zhang et al., 2020).
  case atss

  /// What its classification loss is a formula of.
  public var classificationMode: Mode {
    switch self {
    case .fasterRCNN, .cascadeRCNN, .maskRCNN: .multiClass
    case .fcos, .atss: .binaryClass
    }
  }

  /// Whether it learns and reports masks besides boxes.
  public var findsMasks: Bool {
    switch self {
    case .maskRCNN: true
    case .fasterRCNN, .cascadeRCNN, .fcos, .atss: false
    }
  }
}
