import DICOM
import Foundation
import Testing

@Suite struct SecondaryCaptureTests {
  static let moment = Date(timeIntervalSince1970: 1_700_000_000)
  static let equipment = Equipment.mmdicom(version: "1.0", model: "MultiMix 1")

  static func picture(width: Int = 33, height: Int = 21) -> RGBPicture {
    let values = Synthetic.values(3 * width * height, bits: 8, seed: 21)
    return RGBPicture(width: width, height: height, pixels: values.map { UInt8($0) })
  }

  static func capture(
    of source: DataSet, pictures: [RGBPicture] = [picture()], model: String = "abc",
    description: String = "Overlay"
  ) throws(InvalidObject) -> SecondaryCapture {
    try SecondaryCapture(
      of: source, pictures: pictures, equipment: equipment,
      identity: ResultIdentity(objectKind: "overlay", modelSHA256: model, configurationDigest: "def"),
      seriesDescription: description, derivationDescription: "Drawn for a test", createdAt: moment,
      timeZone: .gmt)
  }

  @Test func saysWhatTheRulesDemand() throws {
    let source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    let result = try Self.capture(of: source).dataSet
    for tag in [
      DICOM.Tag.patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID, .studyDate,
      .studyTime,
      .studyID, .accessionNumber, .bodyPartExamined, .patientOrientation,
    ] { #expect(result[tag] == source[tag], "\(tag)") }
    #expect(result[.kvp] == nil)
    #expect(result.uid(.sopClassUID) == .secondaryCaptureImageStorage)
    #expect(result.string(.modality) == "OT")
    #expect(result.string(.conversionType) == "WSD")
    #expect(result.strings(.imageType) == ["DERIVED", "SECONDARY"])
    #expect(result.uid(.seriesInstanceUID) != source.uid(.seriesInstanceUID))
    #expect(result.string(.contentDate) == "20231114" && result.string(.contentTime) == "221320")
    #expect(result.string(.imageComments)?.contains("research use only, not for diagnosis") == true)
    #expect(result.string(.lossyImageCompression) == "00")

    let reference = try #require(result.items(.sourceImageSequence).first)
    #expect(reference.uid(.referencedSOPInstanceUID) == source.uid(.sopInstanceUID))
    #expect(reference.uid(.referencedSOPClassUID) == source.uid(.sopClassUID))
    let purpose = reference.items(.purposeOfReferenceCodeSequence).compactMap { CodedConcept($0) }
    #expect(purpose == [.sourceImageForImageProcessing])

    let contribution = try #require(result.items(.contributingEquipmentSequence).first)
    #expect(contribution.string(.manufacturer) == Equipment.ownManufacturer)
    #expect(contribution.strings(.softwareVersions) == ["1.0", "MultiMix 1"])
    #expect(Equipment.isOwnOutput(result))
    #expect(!Equipment.isOwnOutput(source))
    var foreign = result
    foreign.set(.manufacturer, "PACS")
    #expect(Equipment.isOwnOutput(foreign), "recognised by what contributed to it")
  }

  @Test func identityDependsOnSourceModelAndConfigurationOnly() throws {
    let source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    let first = try Self.capture(of: source)
    #expect(try Self.capture(of: source, description: "Another").sopInstanceUID == first.sopInstanceUID)
    #expect(try Self.capture(of: source, model: "abd").sopInstanceUID != first.sopInstanceUID)
    let other = Synthetic.radiograph(rows: 24, columns: 32, bits: 12, seed: "2")
    #expect(try Self.capture(of: other).sopInstanceUID != first.sopInstanceUID)
    #expect(first.sopInstanceUID != first.seriesInstanceUID)
  }

  @Test func carriesLossAndBurnedInTextOn() throws {
    var source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    source.set(.lossyImageCompression, "01")
    source.set(.lossyImageCompressionRatio, [12.5])
    source.set(.lossyImageCompressionMethod, "ISO_10918_1")
    source.set(.burnedInAnnotation, "YES")
    let result = try Self.capture(of: source).dataSet
    #expect(result.string(.lossyImageCompression) == "01")
    #expect(result.decimals(.lossyImageCompressionRatio) == [12.5])
    #expect(result.strings(.lossyImageCompressionMethod) == ["ISO_10918_1"])
    #expect(result.string(.burnedInAnnotation) == "YES")
  }

  @Test func refusesWhatWouldBeInvalid() {
    let source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    #expect(throws: InvalidObject.self) { try Self.capture(of: source, pictures: []) }
    #expect(throws: InvalidObject.self) {
      try Self.capture(of: source, pictures: [Self.picture(), Self.picture(width: 5)])
    }
    #expect(throws: InvalidObject.self) {
      try Self.capture(of: source, description: String(repeating: "x", count: 65))
    }
    #expect(throws: InvalidObject.self) { try Self.capture(of: source, description: "") }
    for tag in [DICOM.Tag.sopInstanceUID, .sopClassUID] {
      var nameless = source
      nameless.remove(tag)
      let error = #expect(throws: InvalidObject.self) { try Self.capture(of: nameless) }
      #expect(error?.tag == tag)
    }
  }

  @Test(arguments: [
    TransferSyntax.explicitVRLittleEndian, .rleLossless, .jpegLSLossless, .jpeg2000Lossless,
  ])
  func picturesComeBack(transferSyntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    let source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    for count in [1, 2] {
      let pictures = (0..<count).map { _ in Self.picture() }
      let capture = try Self.capture(of: source, pictures: pictures)
      let url = folder.file("\(count).dcm")
      try capture.write(to: url, as: transferSyntax)
      let file = try DICOMFile(reading: url)
      #expect(file.numberOfFrames == count)
      for index in 0..<count {
        #expect(try file.frame(index).pixels == pictures[index].pixels.map(Int32.init))
      }
    }
  }

  /// Ratios and methods of successive steps correspond, also where the source kept silent about one of them.
  @Test(arguments: [([12.5], []), ([], ["ISO_15444_1"]), ([], []), ([3, 4], ["ISO_15444_1"])])
  func stepsOfCompressionCorrespond(ratios: [Double], methods: [String]) throws {
    let folder = try TemporaryFolder()
    var source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    source.set(.lossyImageCompression, "01")
    if !ratios.isEmpty { source.set(.lossyImageCompressionRatio, ratios) }
    if !methods.isEmpty { source.set(.lossyImageCompressionMethod, methods) }
    try Self.capture(of: source).write(to: folder.file("x.dcm"), as: .jpegBaseline)
    let written = try DICOMFile.header(of: folder.file("x.dcm"))
    let steps = max(ratios.count, methods.count)
    let said = [DICOM.Tag.lossyImageCompressionRatio, .lossyImageCompressionMethod].map {
      written[$0]?.texts ?? []
    }
    #expect(said.map(\.count) == [steps + 1, steps + 1])
    #expect(said[1].last == "ISO_10918_1" && said[0].last.flatMap { Double($0) }.map { $0 > 0 } == true)
    if let validator = Tools.dciodvfy { #expect(try Tools.errors(validator, [folder.file("x.dcm")]) == []) }
  }

  /// JPEG baseline in colour: near enough for the eye, said to be lossy, valid for one frame and for two.
  @Test func asJPEGItIsLossyAndSaysSo() throws {
    let folder = try TemporaryFolder()
    let (width, height) = (96, 64)
    let pixels = (0..<width * height).flatMap { index -> [UInt8] in
      let grey = UInt8(255 * (index % width) / (width - 1))
      // A cyan line.
      return index / width == 20 ? [26, 230, 255] : [grey, grey, grey]
    }
    let picture = RGBPicture(width: width, height: height, pixels: pixels)
    let source = Synthetic.radiograph(rows: 24, columns: 32, bits: 12)
    for count in [1, 2] {
      let url = folder.file("\(count).dcm")
      let pictures = [RGBPicture](repeating: picture, count: count)
      try Self.capture(of: source, pictures: pictures).write(to: url, as: .jpegBaseline)
      let file = try DICOMFile(reading: url)
      #expect(file.dataSet.string(.photometricInterpretation) == "YBR_FULL_422")
      #expect(file.lossyCompression?.methods == ["ISO_10918_1"])
      #expect(file.lossyCompression?.ratios.first.map { $0 > 3 } == true)
      for index in 0..<count {
        let decoded = try file.frame(index).pixels
        let differences = zip(decoded, pixels).map { abs(Int($0) - Int($1)) }
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 4)
      }
      if let validator = Tools.dciodvfy { #expect(try Tools.errors(validator, [url]) == []) }
    }
  }

  /// Whatever the source, the validators find no error in the result, nor between it and the source but for
  /// identifying values that the source has in an invalid shape.
  @Test(
    .enabled(if: Tools.dciodvfy != nil && Tools.dcentvfy != nil, "needs dciodvfy and dcentvfy (dicom3tools)"),
    arguments: OddSource.all)
  func validatesForOddSources(odd: OddSource) throws {
    let folder = try TemporaryFolder()
    let source = folder.file("source.dcm")
    let values = Synthetic.values(24 * 32, bits: 12, seed: 3)
    try DICOMWriter.write(
      odd.dataSet(), pixels: .words(frames: [values]), as: .explicitVRLittleEndian, to: source)
    let read = try DICOMFile(reading: source).dataSet
    var results: [URL] = []
    var changed: Set<String> = []
    for (index, count) in [1, 2].enumerated() {
      let pictures = [RGBPicture](repeating: Self.picture(), count: count)
      let identity = ResultIdentity(
        objectKind: "pictures \(count)", modelSHA256: "a", configurationDigest: "b")
      let capture = try SecondaryCapture(
        of: read, pictures: pictures, equipment: Self.equipment, identity: identity,
        seriesDescription: "Overlay",
        derivationDescription: "Drawn for a test", createdAt: Self.moment)
      changed.formUnion(capture.headerNotes.map(\.keyword))
      results.append(folder.file("\(index).dcm"))
      try capture.write(to: results[index], as: index == 0 ? .explicitVRLittleEndian : .jpegLSLossless)
    }
    let dciodvfy = try #require(Tools.dciodvfy)
    for result in results { #expect(try Tools.errors(dciodvfy, [result]) == []) }
    // The validator compares with a source that is invalid itself: what a note says was changed differs from it.
    let differences = try Tools.errors(#require(Tools.dcentvfy), [source] + results).filter { line in
      !changed.contains { line.contains("Element=<\($0)>") }
    }
    #expect(differences == [])
    #expect(try Tools.errors(#require(Tools.dcentvfy), results) == [])
  }
}
