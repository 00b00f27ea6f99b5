import DICOM
package import FoundationEssentials

extension ImageIdentity {
  /// The identity that a file's header states; empty when it can't be read.
  package init(ofFileAt url: URL) {
    self = (try? DICOMFile.header(of: url)).map { ImageIdentity($0) } ?? ImageIdentity()
  }
}
