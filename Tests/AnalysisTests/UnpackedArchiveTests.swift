import Analysis
import Foundation
import SystemPackage
import TestSupport
import Testing
import Unpacking

@Suite("What a worker says of an archive that it opened") struct UnpackedArchiveTests {
  private let folder: URL

  init() throws { folder = try TestEnvironment.temporaryFolder() }

  private func refusal(seconds: Double = 90, longestList: Int = 1 << 20) throws -> UnpackingFailure.Reason? {
    let file = folder.appending(path: "study.zip")
    let names = (1...50).map { "\($0)-" + String(repeating: "n", count: 200) }
    try Data(HandmadeZip(names.map { .init(name: $0) }).bytes).write(to: file)
    let output = folder.appending(path: "out")
    try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
    var limits = UnpackingLimits()
    limits.seconds = seconds
    let archive = UnpackedArchive(
      FilePath(file.path), into: FilePath(output.path), limits: limits, longestList: longestList)
    #expect(archive?.members == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: output.path) == [])
    return try #require(archive).refusal?.reason
  }

  @Test("one that can't be told of, or takes too long, is refused by its code, and nothing of it is left")
  func refuses() throws {
    #expect(try refusal(longestList: 10_000) == .tooLarge)
    #expect(try refusal(seconds: 0) == .tooSlow)
    // Fifty files, none of them DICOM.
    #expect(try refusal() == .empty)
  }
}
