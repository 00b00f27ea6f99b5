import Analysis
import DICOM
import Foundation
import TestSupport
import Testing

/// Whose fault it is that an image has no results: work pauses for a place's, and goes on after an image's.
@Suite struct ResultFailureTests {
  @Test("what can't be made of an image is the image's, whatever the encoder says")
  func ofImage() throws {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, .secondaryCaptureImageStorage)
    dataSet.set(.sopInstanceUID, .random())
    let url = try TestEnvironment.temporaryFolder().appending(path: "a.dcm")
    let error = #expect(throws: DICOMWriteError.self) {
      try DICOMWriter.write(dataSet, pixels: nil, as: .htj2k, to: url)
    }
    let failure = ResultFailure.unencodable(try #require(error))
    guard case .ofImage(code: "unsupported_transfer_syntax", let detail) = failure else {
      Issue.record("\(failure) stops all work")
      return
    }
    #expect(detail.contains("can't write"))
  }
}
