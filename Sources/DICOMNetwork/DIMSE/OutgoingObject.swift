public import DICOM
public import FoundationEssentials

/// A DICOM file that is to be sent: what has to be known of it to ask for an association. The file itself is read, whole,
/// when it is sent.
public struct OutgoingObject: Sendable, Hashable {
  public let url: URL
  public let sopClass: UID
  public let sopInstance: UID
  public let transferSyntax: TransferSyntax

  /// Reads the header.
  public init(reading url: URL) throws(DICOMReadError) {
    let outline = try DICOMFile.outline(of: url)
    func missing(_ what: String) -> DICOMReadError {
      DICOMReadError(
        reason: .corrupt, path: url.path, detail: "no \(what) that could be sent", toolkitCode: nil)
    }
    guard let sopClass = outline.dataSet.uid(.sopClassUID) else { throw missing("SOP Class UID") }
    guard let sopInstance = outline.dataSet.uid(.sopInstanceUID) else { throw missing("SOP Instance UID") }
    self.url = url
    self.sopClass = sopClass
    self.sopInstance = sopInstance
    transferSyntax = outline.transferSyntax
  }

  /// Its data set for an agreed transfer syntax: as it stands in the file, or a decoded copy.
  func dataSet(as agreed: TransferSyntax) throws(NetworkFailure) -> ArraySlice<UInt8> {
    var bytes: [UInt8] = []
    let file: DICOMFile
    do throws(DICOMReadError) { file = try DICOMFile(reading: url) { bytes = $0 } } catch {
      throw NetworkFailure(.unreadable, error.detail, toolkitCode: error.toolkitCode)
    }
    guard file.dataSet.uid(.sopInstanceUID) == sopInstance, file.transferSyntax == transferSyntax else {
      throw NetworkFailure(.unreadable, "another file has taken its place")
    }
    if agreed == transferSyntax { return bytes[file.dataSetStart...] }
    bytes = []
    do throws(DICOMPixelError) {
      return try file.dataSetBytes(isImplicit: agreed == .implicitVRLittleEndian)[...]
    } catch {
      throw NetworkFailure(
        error.reason == .unreadable ? .unreadable : .cannotEncode, error.detail,
        toolkitCode: error.toolkitCode)
    }
  }
}
