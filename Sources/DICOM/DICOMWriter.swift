internal import CDCMTK
public import FoundationEssentials

/// Writes DICOM files (PS3.10).
public enum DICOMWriter {
  /// Names this program in the file meta information (PS3.7 section D.3.3.2).
  static let implementationClassUID = UID.derived(from: ["mmdicom", "implementation class"])
  static let implementationVersion = "MMDICOM_1"

  /// Writes a data set and its pixels under a temporary name in the same folder, syncs, and renames: `url` never
  /// names half a file. An object that is there already is replaced.
  ///
  /// Text goes into the data set's Specific Character Set where it fits, otherwise all of it into UTF-8. Lossy
  /// transfer syntaxes are recorded in Lossy Image Compression, its ratio and method.
  ///
  /// - Parameters:
  ///   - dataSet: Without pixel data, with SOP Class and SOP Instance UID; the image pixel module must describe
  ///     `pixels`.
  ///   - pixels: Nil for objects without.
  ///   - transferSyntax: One whose `isWritable` is true. JPEG baseline takes 8 bits unsigned monochrome, extended
  ///     12; JPEG 2000 takes a high bit of Bits Stored - 1.
  public static func write(
    _ dataSet: DataSet, pixels: PixelData?, as transferSyntax: TransferSyntax, to url: URL
  ) throws(DICOMWriteError) {
    func fail(_ reason: DICOMWriteError.Reason, _ detail: String) -> DICOMWriteError {
      DICOMWriteError(reason: reason, path: url.path, detail: detail, toolkitCode: nil)
    }
    for tag in [Tag.sopClassUID, .sopInstanceUID] where dataSet.uid(tag) == nil {
      throw fail(.invalidObject, "\(tag) is missing or no UID")
    }
    guard transferSyntax.isWritable else {
      throw fail(.unsupportedTransferSyntax, "can't write \(transferSyntax.name)")
    }
    if let pixels, let problem = problem(of: pixels, in: dataSet) { throw fail(.invalidObject, problem) }

    let elements = FlatDataSet.encode(dataSet)
    let pixelBytes = pixels?.nativeBytes
    var status = cdcmtk_status()
    unsafe elements.withUnsafeBufferPointer { elements in
      unsafe (pixelBytes ?? []).withUnsafeBufferPointer { pixels in
        // An empty array has no address; the length says that nothing is there.
        guard let start = elements.baseAddress else { return }
        unsafe cdcmtk_write(
          url.path, transferSyntax.uid.string, implementationClassUID.string, implementationVersion, start,
          elements.count, pixelBytes == nil ? nil : pixels.baseAddress, pixels.count, &status)
      }
    }
    guard status.reason == CDCMTK_OK else {
      throw DICOMWriteError(ToolkitError(status), path: url.path)
    }
  }

  private static func problem(of pixels: PixelData, in dataSet: DataSet) -> String? {
    guard dataSet.integer(.bitsAllocated) == pixels.bitsAllocated else {
      return "\(Tag.bitsAllocated) isn't \(pixels.bitsAllocated)"
    }
    let sizes = pixels.frameSizes
    guard let first = sizes.first, first > 0, sizes.allSatisfy({ $0 == first }) else {
      return "frames are missing or differ in size"
    }
    guard sizes.count == dataSet.integer(.numberOfFrames) ?? 1 else {
      return "\(Tag.numberOfFrames) isn't \(sizes.count)"
    }
    let rows = dataSet.integer(.rows) ?? 0
    let columns = dataSet.integer(.columns) ?? 0
    let samples = dataSet.integer(.samplesPerPixel) ?? 1
    guard first == rows * columns * samples else {
      return "a frame holds \(first) values, not \(rows) x \(columns) x \(samples)"
    }
    return nil
  }
}

extension DICOMWriteError {
  init(_ error: ToolkitError, path: String) {
    reason =
      switch error.reason {
      case CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX: .unsupportedTransferSyntax
      case CDCMTK_INVALID_IMAGE, CDCMTK_UNSUPPORTED_PIXELS: .invalidObject
      case CDCMTK_CANNOT_ENCODE: .cannotEncode
      case CDCMTK_OUT_OF_MEMORY: .outOfMemory
      default: .cannotWrite
      }
    self.path = path
    detail = error.message
    toolkitCode = error.code
  }
}
