import DICOM

/// What kind of object a data set is, as far as its SOP class and Modality tell.
struct ObjectKind: Sendable {
  /// Names the kind where it is none that holds a radiograph of a patient; nil where it may.
  let notARadiograph: String?

  /// Projection images made for reading.
  private static let radiographs: Set<UID> = [
    .computedRadiographyImageStorage, .digitalXRayImageStorageForPresentation,
    .digitalXRayImageStorageForProcessing,
  ]
  /// Secondary captures: digitised films and exports, whose Modality says where the picture came from.
  private static let captures: Set<UID> = [
    .secondaryCaptureImageStorage, .multiframeGrayscaleByteSecondaryCaptureImageStorage,
    .multiframeGrayscaleWordSecondaryCaptureImageStorage, .multiframeTrueColorSecondaryCaptureImageStorage,
  ]
  /// CR, DX, and RG (radiographic imaging, conventional film); DR isn't a defined term but is written.
  private static let radiographModalities: Set<CodeString> = ["CR", "DX", "RG", "DR"]

  init(_ dataSet: DataSet) {
    let modality = dataSet.code(.modality)
    let sopClass = dataSet.uid(.sopClassUID)
    let isRadiographModality = modality.map(Self.radiographModalities.contains) ?? false
    let accepted =
      if let sopClass {
        (Self.radiographs.contains(sopClass) && (modality == nil || isRadiographModality))
          || (Self.captures.contains(sopClass) && isRadiographModality)
      } else {
        isRadiographModality
      }
    if accepted {
      notARadiograph = nil
    } else {
      let name = sopClass.map { $0.sopClassName ?? "SOP class \($0)" } ?? "no SOP class"
      notARadiograph = modality.map { "\(name), modality \($0)" } ?? "\(name), no modality"
    }
  }
}
