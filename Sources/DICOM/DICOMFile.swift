internal import CDCMTK
internal import Files
public import FoundationEssentials
internal import SystemPackage

/// A DICOM file (PS3.10), read and parsed once, its pixels decoded frame by frame on demand.
public struct DICOMFile: Sendable {
  public let url: URL
  public let transferSyntax: TransferSyntax
  /// Everything before the pixel data. Data elements after it (trailing padding, digital signatures) are left out.
  public let dataSet: DataSet
  /// Frames that the pixel data holds; 0 where there is none.
  public let numberOfFrames: Int
  /// What was mended or left out on the way.
  public let remarks: [ParseRemark]
  /// Where the data set begins in the file, behind the file meta information.
  public let dataSetStart: Int
  let pixels: StoredPixels?
  private let stamp: FileStamp

  /// Reads a file and checks that it is complete: no element is cut short, the pixel data is as long as its
  /// attributes say. A file without preamble is taken where it makes sense as a bare data set.
  public init(reading url: URL) throws(DICOMReadError) {
    try self.init(reading: url) { _ in }
  }

  /// - Parameter look: Is shown the bytes of the file, which aren't kept: for who wants their digest.
  public init(reading url: URL, _ look: ([UInt8]) -> Void) throws(DICOMReadError) {
    self.url = url
    let bytes: [UInt8]
    do throws(FileContents.Failure) {
      let contents = try FileContents(path: url.path)
      stamp = contents.stamp
      let beginning = contents.stamp.size > Self.shortFile ? try contents.bytes(prefix: 132) : []
      if !beginning.isEmpty, Self.isForeign(beginning) {
        throw FileContents.Failure.other(.notDICOM, "not a DICOM file")
      }
      bytes = try contents.bytes()
    } catch { throw DICOMReadError(error, path: url.path) }
    look(bytes)
    do throws(ToolkitError) {
      let parsed = try FileHandle.withContents(of: bytes, isWhole: true, headerOnly: false) { handle in
        (handle.transferSyntaxUID, handle.dataSet, handle.remarks, handle.pixels, handle.dataSetStart)
      }
      transferSyntax = TransferSyntax(stated: parsed.0)
      dataSetStart = parsed.4
      (dataSet, pixels) = (parsed.1, parsed.3)
      let image = ImageAttributes(dataSet)
      numberOfFrames = pixels == nil ? 0 : image.frames
      if let shortage = pixels?.shortage(of: image) {
        throw ToolkitError(CDCMTK_TRUNCATED, "truncated: " + shortage)
      }
      let isMislabelled =
        parsed.3.map { [transferSyntax] in $0.isEncapsulated != transferSyntax.isEncapsulated } ?? false
      remarks = parsed.2 + (isMislabelled ? [ParseRemark(.wrongTransferSyntax, .pixelData)] : [])
    } catch {
      throw DICOMReadError(error, path: url.path)
    }
  }

  /// What is longer isn't read where its first bytes tell that it isn't DICOM, not even for its digest.
  private static let shortFile = 64 << 20

  private static func isForeign(_ beginning: [UInt8]) -> Bool {
    do throws(ToolkitError) {
      try FileHandle.withContents(of: beginning, isWhole: false, headerOnly: true) { _ in }
      return false
    } catch { return error.reason == CDCMTK_NOT_DICOM }
  }

  /// The data set before the pixel data, which is neither read nor checked: for going through thousands of files.
  public static func header(of url: URL) throws(DICOMReadError) -> DataSet { try outline(of: url).dataSet }

  /// The same, and how the file is encoded.
  public static func outline(
    of url: URL
  ) throws(DICOMReadError) -> (dataSet: DataSet, transferSyntax: TransferSyntax) {
    do {
      let contents = try FileContents(path: url.path)
      var count = 64 << 10
      while true {
        let bytes = try contents.bytes(prefix: count)
        let isWhole = bytes.count == contents.stamp.size
        do throws(ToolkitError) {
          return try FileHandle.withContents(of: bytes, isWhole: isWhole, headerOnly: true) {
            ($0.dataSet, TransferSyntax(stated: $0.transferSyntaxUID))
          }
        } catch {
          // A header may be longer, or cut off in any way; what it is its beginning tells.
          let isKnown = error.reason == CDCMTK_NOT_DICOM || error.reason == CDCMTK_TOO_LARGE
          guard !isWhole, !isKnown else { throw error }
          count *= 16
        }
      }
    } catch let error as ToolkitError {
      throw DICOMReadError(error, path: url.path)
    } catch let error as FileContents.Failure {
      throw DICOMReadError(error, path: url.path)
    } catch {
      throw DICOMReadError(reason: .corrupt, path: url.path, detail: "\(error)", toolkitCode: nil)
    }
  }

  /// No other file has taken this one's place since it was read.
  public var isCurrent: Bool {
    FilePath(url.path).status(followingLink: true).map { FileStamp($0) } == stamp
  }

  /// Decodes a frame, counted from 0. A file that another has replaced since it was read is refused: its results
  /// would stand beside an image that they aren't of.
  public func frame(_ index: Int) throws(DICOMPixelError) -> Frame {
    guard isCurrent else {
      throw DICOMPixelError(.unreadable, path: url.path, "the file has changed since it was read")
    }
    guard let pixels else { throw DICOMPixelError(.noPixelData, path: url.path, "no pixel data") }
    guard 0..<numberOfFrames ~= index else {
      throw DICOMPixelError(.noSuchFrame, path: url.path, "frame \(index) of \(numberOfFrames)")
    }
    do { return try decode(pixels, index) } catch { throw DICOMPixelError(error, path: url.path) }
  }

  private func decode(_ pixels: StoredPixels, _ index: Int) throws(ToolkitError) -> Frame {
    let image = ImageAttributes(dataSet)
    try image.validate()
    let unsupported = ToolkitError(
      CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, "transfer syntax \(transferSyntax.uid) is not supported")
    guard transferSyntax.isKnown else { throw unsupported }
    guard case .native(let isBigEndian, let isWords) = pixels.layout else {
      // What a codestream under the label of another syntax is tells itself.
      let stated = transferSyntax.codec
      let codestream = try pixels.codestream(index, of: image, codec: stated ?? CDCMTK_JPEG)
      guard let codec = stated ?? cdcmtk_codec(codestream: codestream) else { throw unsupported }
      return try EncapsulatedPixels.decode(codestream, codec: codec, of: image, isLossy: mayOvershoot)
    }
    let native = NativePixels(
      image: image, bytes: pixels.bytes, isBigEndian: isBigEndian, isWords: isWords)
    return image.frame(try native.frame(index), photometricInterpretation: image.photometricInterpretation)
  }

  /// Native bytes for each byte of the codestreams, to two places; nil for pixels that aren't compressed.
  var compressionRatio: Double? {
    let image = ImageAttributes(dataSet)
    guard let pixels, transferSyntax.isEncapsulated, let bits = image.nativeBits(frames: numberOfFrames),
      pixels.bytes.count > 0
    else { return nil }
    let ratio = (Double(bits / 8) / Double(pixels.bytes.count) * 100).rounded() / 100
    return ratio > 0 && ratio.isFinite ? ratio : nil
  }

  /// Compression may have moved values out of their bits.
  var mayOvershoot: Bool {
    transferSyntax.isLossy && dataSet.string(.lossyImageCompression) != "00" || lossyCompression != nil
  }
}

extension DICOMReadError {
  init(_ error: ToolkitError, path: String) {
    reason =
      switch error.reason {
      case CDCMTK_NOT_DICOM: .notDICOM
      case CDCMTK_TRUNCATED: .truncated
      case CDCMTK_TOO_LARGE: .tooLarge
      case CDCMTK_OUT_OF_MEMORY: .outOfMemory
      default: .corrupt
      }
    self.path = path
    detail = error.message
    toolkitCode = error.code
  }
}

extension DICOMPixelError {
  init(_ reason: Reason, path: String, _ detail: String) {
    self.init(reason: reason, path: path, detail: detail, toolkitCode: nil)
  }

  init(_ error: ToolkitError, path: String) {
    reason =
      switch error.reason {
      case CDCMTK_INVALID_IMAGE: .invalidImage
      case CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX: .unsupportedTransferSyntax
      case CDCMTK_UNSUPPORTED_PIXELS: .unsupportedPixels
      case CDCMTK_OUT_OF_MEMORY: .outOfMemory
      default: .corruptPixelData
      }
    self.path = path
    detail = error.message
    toolkitCode = error.code
  }
}
