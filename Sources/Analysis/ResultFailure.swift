package import DICOM
package import Files
import Rendering

/// Why an image has no results.
package enum ResultFailure: Error, Equatable {
  /// Where they belong they can't be written: whichever image comes next, they can't either.
  case cannotWrite(WriteFailure)
  /// They can't be made of this image; the next has nothing to do with it.
  case ofImage(code: String, detail: String)

  static func undrawable(_ error: OverlayError) -> ResultFailure {
    .ofImage(code: "overlay_failed", detail: "\(error)")
  }

  /// A preview that can't be compressed, in memory.
  static func undrawable(_ error: PNGError) -> ResultFailure {
    .ofImage(code: "overlay_failed", detail: "\(error)")
  }

  static func undescribable(_ error: InvalidObject) -> ResultFailure {
    .ofImage(code: error.code, detail: error.description)
  }

  /// An object that can't be made in memory, before any place to write it to has been asked; among others because a large
  /// picture takes more than a worker may have.
  package static func unencodable(_ error: DICOMWriteError) -> ResultFailure {
    .ofImage(code: error.code, detail: error.detail)
  }
}
