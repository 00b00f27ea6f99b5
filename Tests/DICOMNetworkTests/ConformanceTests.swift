import DICOM
import DICOMNetwork
import Foundation
import TestSupport
import Testing

/// The conformance statement says what is negotiated, and nothing else.
@Suite struct ConformanceTests {
  /// The rows of the table whose first heading is this.
  private func table(_ heading: String) throws -> [[String]] {
    let place = TestEnvironment.packageRoot.appending(path: "etc/guide/conformance.md")
    let lines = try String(contentsOf: place, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("| \(heading) |") }, "no table \(heading)")
    return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      line.dropFirst().dropLast().components(separatedBy: " | ").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
  }

  private func uids(_ heading: String) throws -> [[String]] { try table(heading) }

  @Test func namesTheClassesThatAreTaken() throws {
    let expected = ReceptionRules.images.map { [$0.sopClassName ?? "", $0.string] }
    #expect(try uids("SOP class taken") == expected)
  }

  @Test func namesTheTransferSyntaxesThatAreTaken() throws {
    let expected = ReceptionRules.transferSyntaxes.map { [$0.name, $0.uid.string] }
    #expect(try uids("Transfer syntax taken") == expected)
    // And that is what the rules do.
    let settings = ReceptionSettings(address: try DICOMAddress("dicom://A@0.0.0.0"))
    for (syntax, row) in zip(ReceptionRules.transferSyntaxes, expected) {
      let context = AssociationRequest.Context(1, UID.computedRadiographyImageStorage.string, [row[1]])
      let decision = ReceptionRules(settings).decide(
        AssociationRequest(called: "A", calling: "B", contexts: [context]))
      #expect(decision == .accept([.accepted(.storage, syntax)]))
    }
  }

  @Test func namesWhatCopiesAreSentIn() throws {
    let rows = try uids("Transfer syntax for copies")
    #expect(rows == ProposedContext.littleEndian.map { [$0.name, $0.uid.string] })
    let list = [ProposedContext].storing([(.segmentationStorage, .rleLossless)])
    #expect(list.first?.last?.transferSyntaxes.map(\.uid.string) == rows.map { $0[1] })
  }

  /// The objects that DICOM writes as results, as its sources name them.
  @Test func namesTheClassesOfResults() throws {
    let rows = try uids("SOP class of results")
    for row in rows { #expect(UID(row[1])?.sopClassName == row[0]) }
    var written: Set<String> = []
    for name in ["SecondaryCapture", "Segmentation", "StructuredReport", "PresentationState"] {
      let file = TestEnvironment.packageRoot.appending(path: "Sources/DICOM/\(name).swift")
      let source = try String(contentsOf: file, encoding: .utf8)
      for uid in [
        ("secondaryCaptureImageStorage", UID.secondaryCaptureImageStorage),
        (
          "multiframeTrueColorSecondaryCaptureImageStorage",
          UID.multiframeTrueColorSecondaryCaptureImageStorage
        ),
        ("segmentationStorage", .segmentationStorage),
        ("comprehensive3DSRStorage", .comprehensive3DSRStorage),
        ("grayscaleSoftcopyPresentationStateStorage", .grayscaleSoftcopyPresentationStateStorage),
      ] where source.contains(".\(uid.0)") { written.insert(uid.1.string) }
    }
    #expect(Set(rows.map { $0[1] }) == written)
  }

  @Test func tellsHowStatusesAreTaken() throws {
    for row in try table("Status heard") {
      let code = try #require(UInt16(row[0], radix: 16))
      #expect(DIMSEStatus(code).verdict.rawValue == row[1], "\(row[0])")
    }
    let given = Set(try table("Status given").map { $0[0] })
    let known: [DIMSEStatus] = [
      .success, .outOfResources, .invalidObjectInstance, .classNotSupported, .processingFailure,
      .unrecognizedOperation,
    ]
    #expect(given == Set(known.map(\.description)))
  }

  @Test func tellsTheRoles() throws {
    let rows = try table("Service")
    #expect(rows.count == 5)
    #expect(!ProposedContext.verification.isProvider && !ProposedContext.commitment.isProvider)
    let text = try String(
      contentsOf: TestEnvironment.packageRoot.appending(path: "etc/guide/conformance.md"), encoding: .utf8)
    #expect(text.contains("| Maximum PDU, both directions | \(AssociationOptions.maximumPDU) bytes |"))
    #expect(
      text.contains(
        "| Implementation class UID | \(FileMetaInformation.implementationClass), of associations"))
    #expect(
      text.contains(
        "`receive_timeout_seconds` (\(Int(ReceptionSettings(address: try DICOMAddress("dicom://A@0.0.0.0")).stallSeconds)))"
      ))
    #expect(text.contains("| Implementation version name | \(FileMetaInformation.implementationVersion) |"))
  }
}
