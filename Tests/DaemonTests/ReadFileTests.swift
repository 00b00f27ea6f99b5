import Analysis
import DICOM
import Files
import Foundation
import Testing

@Suite struct ReadFileTests {
  private func write(_ value: UInt8, to url: URL) throws {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, UID.computedRadiographyImageStorage)
    dataSet.set(.sopInstanceUID, UID.derived(from: ["read", "\(value)"]))
    dataSet.set(.studyInstanceUID, UID.derived(from: ["read study"]))
    dataSet.set(.samplesPerPixel, 1)
    dataSet.set(.photometricInterpretation, "MONOCHROME2")
    dataSet.set(.rows, 2)
    dataSet.set(.columns, 2)
    dataSet.set(.bitsAllocated, 8)
    dataSet.set(.bitsStored, 8)
    dataSet.set(.highBit, 7)
    dataSet.set(.pixelRepresentation, 0)
    try DICOMWriter.write(
      dataSet, pixels: .bytes(frames: [[value, 1, 2, 3]]), as: .explicitVRLittleEndian, to: url)
  }

  /// Identity, digest and what is analysed later come from one read.
  @Test func takesAllFromOneRead() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "a.dcm")
    try write(7, to: url)
    let read = ReadFile(url, wantsDigest: true)
    #expect(read.identity.sopInstanceUID == UID.derived(from: ["read", "7"]).string)
    #expect(read.digest == ContentDigest(of: try Data(contentsOf: url)))
    #expect(ReadFile(url, wantsDigest: false).digest == nil)
    try FileManager.default.removeItem(at: url)
    #expect(ReadFile(url, wantsDigest: true).digest == nil)
  }
}
