import DICOM
import Foundation
import TestSupport
import Testing

/// Real radiographs, decoded as pydicom decodes them. Nothing of them is kept here.
@Suite(.enabled(if: Tools.sharedData != nil, "needs ../shared/data or MMDICOM_SHARED"))
struct SharedDataTests {
  private static func files(under folder: URL) throws -> [URL] {
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".dcm") }.sorted().map { folder.appending(path: $0) }
  }

  /// Largest difference between our pixels and pydicom's for each file.
  private static func differences(_ files: [DICOMFile]) throws -> [Int] {
    let folder = try TemporaryFolder()
    var arguments: [String] = []
    for (index, file) in files.enumerated() {
      let raw = folder.file("\(index).raw")
      let pixels = try file.frame(0).pixels
      try Data(pixels.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
        .write(to: raw)
      arguments += [file.url.path, raw.path]
    }
    let list = folder.file("list")
    try Data(arguments.joined(separator: "\n").utf8).write(to: list)
    let script = """
      import sys, numpy, pydicom
      names = open(sys.argv[1]).read().split('\\n')
      for path, raw in zip(names[::2], names[1::2]):
          theirs = pydicom.dcmread(path).pixel_array.astype(numpy.int64).ravel()
          ours = numpy.fromfile(raw, dtype='<i4')
          print(abs(theirs - ours).max() if theirs.shape == ours.shape else 'shape')
      """
    let result = try TestEnvironment.run(#require(Tools.python), ["-W", "ignore", "-c", script, list.path])
    #expect(result.status == 0, "\(result.output)")
    return result.output.split(separator: "\n").map { Int($0) ?? .max }
  }

  @Test(.enabled(if: Tools.python != nil, "needs MMDICOM_PYTHON with pydicom"))
  func originalsDecodeAsPydicomDoes() throws {
    let originals = try #require(Tools.sharedData).appending(path: "originals")
    let files = try Self.files(under: originals).map { try DICOMFile(reading: $0) }
    #expect(files.count == 6)
    for (file, difference) in zip(files, try Self.differences(files)) {
      // Two implementations of the inverse cosine transformation may round differently.
      let allowed = file.transferSyntax == .jpegBaseline ? 1 : 0
      #expect(difference <= allowed, "\(file.url.lastPathComponent)")
    }
  }

  @Test(.enabled(if: Tools.python != nil, "needs MMDICOM_PYTHON with pydicom"))
  func everyTransferSyntaxDecodesAsPydicomDoes() throws {
    let archive = try #require(Tools.sharedData).appending(path: "archive")
    var samples: [String: [DICOMFile]] = [:]
    for url in try Self.files(under: archive) {
      let file = try DICOMFile(reading: url)
      let bits = file.dataSet.integer(.bitsStored) ?? 0
      let key = "\(file.transferSyntax) \(bits) \(file.dataSet.string(.photometricInterpretation) ?? "")"
      if samples[key, default: []].count < 2 { samples[key, default: []].append(file) }
    }
    let files = samples.values.flatMap { $0 }
    #expect(Set(files.map(\.transferSyntax)).count >= 8)
    for (file, difference) in zip(files, try Self.differences(files)) {
      #expect(difference == 0, "\(file.transferSyntax): \(file.url.lastPathComponent)")
    }
  }

  /// Every header can be read, and every segmentation refers to an image of the archive.
  @Test func headersOfTheArchive() throws {
    let archive = try #require(Tools.sharedData).appending(path: "archive")
    var images: Set<UID> = []
    var references: [UID] = []
    for url in try Self.files(under: archive) {
      let header = try DICOMFile.header(of: url)
      if header.uid(.sopClassUID) == .segmentationStorage {
        references += Segmentation.references(of: header)
      } else {
        images.insert(try #require(header.uid(.sopInstanceUID)))
      }
    }
    #expect(images.count > 3900)
    #expect(references.count > 2600)
    #expect(references.allSatisfy(images.contains))
  }

  @Test func segmentationsOfTheArchive() throws {
    let archive = try #require(Tools.sharedData).appending(path: "archive/v7_ieee8023")
    var count = 0
    for url in try Self.files(under: archive).prefix(60) {
      guard try DICOMFile.header(of: url).uid(.sopClassUID) == .segmentationStorage else { continue }
      let segmentation = try Segmentation(reading: DICOMFile(reading: url))
      let inside = try #require(segmentation.segments.first).mask.reduce(0) { $0 + Int($1) }
      let all = segmentation.rows * segmentation.columns
      #expect(inside > all / 50 && inside < all, "\(url.lastPathComponent)")
      count += 1
    }
    #expect(count > 10)
  }

  @Test(
    .enabled(if: Tools.dciodvfy != nil && Tools.dcentvfy != nil, "needs dciodvfy and dcentvfy (dicom3tools)"))
  func resultsOfOriginalsValidate() throws {
    let folder = try TemporaryFolder()
    let originals = try #require(Tools.sharedData).appending(path: "originals")
    for url in try Self.files(under: originals) {
      let source = try DICOMFile(reading: url)
      let result = folder.file(url.lastPathComponent)
      try SecondaryCaptureTests.capture(of: source.dataSet).write(to: result)
      #expect(try Tools.errors(#require(Tools.dciodvfy), [result]) == [], "\(url.lastPathComponent)")
      #expect(try Tools.errors(#require(Tools.dcentvfy), [url, result]) == [], "\(url.lastPathComponent)")
    }
  }
}
