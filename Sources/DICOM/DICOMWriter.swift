internal import CDCMTK
internal import Files
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
  ///   - transferSyntax: One whose `isWritable` is true. JPEG baseline takes 8 bits unsigned, monochrome or colour,
  ///     extended 12 bits monochrome; JPEG 2000 takes a high bit of Bits Stored - 1.
  public static func write(
    _ dataSet: DataSet, pixels: PixelData?, as transferSyntax: TransferSyntax, to url: URL
  ) throws(DICOMWriteError) {
    let bytes = try encoded(dataSet, pixels: pixels, as: transferSyntax, for: url.path)
    do { try DurableFile.write(bytes, to: url) } catch {
      throw DICOMWriteError(
        reason: .cannotWrite, path: url.path, detail: error.message, toolkitCode: error.code.map(Int.init))
    }
  }

  /// The bytes of such a file; `path` is for messages.
  private static func encoded(
    _ dataSet: DataSet, pixels: PixelData?, as transferSyntax: TransferSyntax, for path: String
  ) throws(DICOMWriteError) -> [UInt8] {
    func fail(_ reason: DICOMWriteError.Reason, _ detail: String) -> DICOMWriteError {
      DICOMWriteError(reason: reason, path: path, detail: detail, toolkitCode: nil)
    }
    for tag in [Tag.sopClassUID, .sopInstanceUID] where dataSet.uid(tag) == nil {
      throw fail(.invalidObject, "\(tag) is missing or no UID")
    }
    guard transferSyntax.isWritable else {
      throw fail(.unsupportedTransferSyntax, "can't write \(transferSyntax.name)")
    }
    if let pixels, let problem = problem(of: pixels, in: dataSet) { throw fail(.invalidObject, problem) }

    do { return try file(dataSet, pixels: pixels, as: transferSyntax) } catch {
      throw DICOMWriteError(error, path: path)
    }
  }

  /// Writes an object that this program made of a radiograph, if it keeps the standard's rules (`ConformanceGate`).
  static func write(
    result: DataSet, pixels: PixelData?, as transferSyntax: TransferSyntax, to url: URL
  ) throws(DICOMWriteError) {
    try refuse(result, pixels, for: url.path)
    try write(result, pixels: pixels, as: transferSyntax, to: url)
  }

  /// The bytes of a file of such an object, under the same rules.
  static func encoded(
    result: DataSet, pixels: PixelData?, as transferSyntax: TransferSyntax, for path: String
  ) throws(DICOMWriteError) -> [UInt8] {
    try refuse(result, pixels, for: path)
    return try encoded(result, pixels: pixels, as: transferSyntax, for: path)
  }

  private static func refuse(_ result: DataSet, _ pixels: PixelData?, for path: String)
    throws(DICOMWriteError)
  {
    guard let problem = ConformanceGate.problem(in: result, pixels: pixels) else { return }
    throw DICOMWriteError(reason: .invalidObject, path: path, detail: problem.description, toolkitCode: nil)
  }

  /// The bytes of a file.
  private static func file(
    _ dataSet: DataSet, pixels: PixelData?, as transferSyntax: TransferSyntax
  ) throws(ToolkitError) -> [UInt8] {
    var whole = dataSet
    if let pixels {
      let vr: VR = pixels.bitsAllocated == 16 ? .OW : .OB
      whole[.pixelData] = DataElement(.pixelData, vr, .bytes(pixels.nativeBytes))
    }
    let elements = ExplicitLittleEndian.encode(whole)
    var status = cdcmtk_status()
    let bytes = unsafe elements.withUnsafeBufferPointer { elements -> [UInt8]? in
      guard let start = elements.baseAddress,
        let encoding = unsafe cdcmtk_encoding_create(
          start, elements.count, transferSyntax.uid.string, implementationClassUID.string,
          implementationVersion, &status)
      else { return nil }
      defer { unsafe cdcmtk_encoding_destroy(encoding) }
      var length = 0
      let bytes = unsafe cdcmtk_encoding_bytes(encoding, &length)
      return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
    }
    guard let bytes else { throw ToolkitError(status) }
    return bytes
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
      case CDCMTK_OUT_OF_MEMORY: .outOfMemory
      default: .cannotEncode
      }
    self.path = path
    detail = error.message
    toolkitCode = error.code
  }
}
