internal import CDCMTK

/// Data sets as they go over the network, without file meta information (PS3.5 section 7).
extension DataSet {
  /// Parses strangers' bytes. Which of the two little endian encodings it is, the first element tells.
  public init(parsing bytes: [UInt8]) throws(DICOMReadError) {
    do throws(ToolkitError) {
      self = try FileHandle.withContents(of: bytes, isWhole: true, headerOnly: true) { $0.dataSet }
    } catch { throw DICOMReadError(error, path: "data set") }
  }

  /// In explicit or implicit VR little endian.
  public func bytes(isImplicit: Bool) -> [UInt8] {
    ExplicitLittleEndian.encode(self, isImplicit: isImplicit)
  }
}
