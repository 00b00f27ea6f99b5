internal import CDCMTK
public import FoundationEssentials

/// A DICOM file (PS3.10), parsed whole except for its pixels, which are decoded frame by frame on demand.
public struct DICOMFile: Sendable {
  public let url: URL
  public let transferSyntax: TransferSyntax
  /// Everything before the pixel data. Data elements after it (trailing padding, digital signatures) are left out.
  public let dataSet: DataSet
  /// Frames that the pixel data holds; 0 where there is none.
  public let numberOfFrames: Int

  /// Reads a file and checks that it is complete: no element is cut short, the pixel data is as long as its
  /// attributes say. A file without preamble is taken where it makes sense as a bare data set.
  public init(reading url: URL) throws(DICOMReadError) {
    do {
      let handle = try FileHandle(path: url.path, headerOnly: false)
      transferSyntax = DICOMFile.transferSyntax(of: handle)
      dataSet = FlatDataSet.decode(handle.elements)
      numberOfFrames = handle.numberOfFrames
      self.url = url
    } catch {
      throw DICOMReadError(error, path: url.path)
    }
  }

  /// The data set before the pixel data, which is neither read nor checked: for going through thousands of files.
  public static func header(of url: URL) throws(DICOMReadError) -> DataSet {
    do {
      let handle = try FileHandle(path: url.path, headerOnly: true)
      return FlatDataSet.decode(handle.elements)
    } catch {
      throw DICOMReadError(error, path: url.path)
    }
  }

  /// Decodes a frame, counted from 0. The file is opened again, so that a `DICOMFile` is a plain value; one that has
  /// become another object in between is refused.
  public func frame(_ index: Int) throws(DICOMPixelError) -> Frame {
    do {
      let handle = try FileHandle(path: url.path, headerOnly: false)
      guard let frameIndex = UInt32(exactly: index) else {
        throw DICOMPixelError(.noSuchFrame, path: url.path, "frame \(index) of \(numberOfFrames)")
      }
      guard handle.numberOfFrames == numberOfFrames, FlatDataSet.decode(handle.elements) == dataSet else {
        throw DICOMPixelError(.unreadable, path: url.path, "the file has changed since it was read")
      }
      return try handle.frame(frameIndex)
    } catch let error as ToolkitError {
      throw DICOMPixelError(error, path: url.path)
    } catch let error as DICOMPixelError {
      throw error
    } catch {
      throw DICOMPixelError(.corruptPixelData, path: url.path, "\(error)")
    }
  }

  private static func transferSyntax(of handle: borrowing FileHandle) -> TransferSyntax {
    let uid = UID(handle.transferSyntaxUID) ?? TransferSyntax.explicitVRLittleEndian.uid
    return TransferSyntax(uid: uid) ?? TransferSyntax(unknown: uid)
  }
}

extension DICOMReadError {
  init(_ error: ToolkitError, path: String) {
    reason =
      switch error.reason {
      case CDCMTK_UNREADABLE: .unreadable
      case CDCMTK_EMPTY_FILE: .emptyFile
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
      case CDCMTK_UNREADABLE, CDCMTK_EMPTY_FILE, CDCMTK_NOT_DICOM, CDCMTK_TRUNCATED, CDCMTK_CORRUPT,
        CDCMTK_TOO_LARGE:
        .unreadable
      case CDCMTK_NO_PIXEL_DATA: .noPixelData
      case CDCMTK_NO_SUCH_FRAME: .noSuchFrame
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
