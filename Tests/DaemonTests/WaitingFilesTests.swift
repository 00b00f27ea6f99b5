import Analysis
import DICOM
import Daemon
import Files
import Foundation
import Testing

@Suite struct WaitingFilesTests {
  private func write(_ value: UInt8, to url: URL) throws {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, UID.computedRadiographyImageStorage)
    dataSet.set(.sopInstanceUID, UID.derived(from: ["waiting", "\(value)"]))
    dataSet.set(.studyInstanceUID, UID.derived(from: ["waiting study"]))
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
  @Test func holdsWhatWasRead() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "a.dcm")
    try write(7, to: url)
    let read = ReadFile(url, wantsDigest: true)
    #expect(read.identity.sopInstanceUID == UID.derived(from: ["waiting", "7"]).string)
    #expect(read.digest == ContentDigest(of: try Data(contentsOf: url)))
    #expect(ReadFile(url, wantsDigest: false).digest == nil)
    let waiting = WaitingFiles()
    waiting.keep(read, at: "a.dcm")
    #expect(waiting.take("b.dcm")?.url == nil)
    #expect(waiting.take("a.dcm")?.identity == read.identity)
    #expect(waiting.take("a.dcm")?.url == nil)
  }

  @Test func forgetsWhatHasChanged() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "a.dcm")
    try write(7, to: url)
    let waiting = WaitingFiles()
    waiting.keep(ReadFile(url, wantsDigest: true), at: "a.dcm")
    try write(8, to: url)
    #expect(waiting.take("a.dcm")?.url == nil)
    waiting.keep(ReadFile(url, wantsDigest: true), at: "a.dcm")
    try FileManager.default.removeItem(at: url)
    #expect(waiting.take("a.dcm")?.url == nil)
    let missing = ReadFile(url, wantsDigest: true)
    #expect(missing.digest == nil && !missing.isCurrent)
  }
}
