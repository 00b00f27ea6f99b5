import DICOM
import DICOMNetwork
import Testing

@Suite struct ProposedContextTests {
  private func classes(_ count: Int) -> [UID] {
    (0..<count).compactMap { UID("1.2.826.0.1.3680043.\($0 + 1)") }
  }

  @Test func asksForTheOwnSyntaxAndForCopies() {
    let list = [ProposedContext].storing([
      (.computedRadiographyImageStorage, .jpegLosslessSV1), (.computedRadiographyImageStorage, .rleLossless),
      (.computedRadiographyImageStorage, .rleLossless), (.segmentationStorage, .implicitVRLittleEndian),
    ])
    #expect(
      list == [
        [
          ProposedContext(.computedRadiographyImageStorage, [.jpegLosslessSV1]),
          ProposedContext(.computedRadiographyImageStorage, [.rleLossless]),
          ProposedContext(
            .computedRadiographyImageStorage, [.explicitVRLittleEndian, .implicitVRLittleEndian]),
          ProposedContext(.segmentationStorage, [.implicitVRLittleEndian]),
          ProposedContext(.segmentationStorage, [.explicitVRLittleEndian]),
        ]
      ])
  }

  @Test func keepsToTheIdentifiersThatThereAre() {
    let objects = classes(300).map { (sopClass: $0, transferSyntax: TransferSyntax.jpegBaseline) }
    let lists = [ProposedContext].storing(objects)
    #expect(lists.allSatisfy { $0.count <= ProposedContext.most })
    #expect(lists.count == 5)
    #expect(Set(lists.flatMap { $0 }.map(\.sopClass)) == Set(objects.map(\.sopClass)))
  }

  @Test func sendsTheObjectAsItIsWhereItCan() {
    #expect(
      Association.choose(among: [.explicitVRLittleEndian, .rleLossless], for: .rleLossless) == .rleLossless)
    #expect(
      Association.choose(among: [.implicitVRLittleEndian, .explicitVRLittleEndian], for: .rleLossless)
        == .explicitVRLittleEndian)
    #expect(Association.choose(among: [.jpegBaseline], for: .rleLossless) == nil)
    #expect(Association.choose(among: [], for: .rleLossless) == nil)
  }
}

@Suite struct ReceptionRulesTests {
  private func rules(_ change: (inout ReceptionSettings) -> Void = { _ in }) throws -> ReceptionRules {
    var settings = ReceptionSettings(address: try DICOMAddress("dicom://MMDICOM@0.0.0.0:104"))
    change(&settings)
    return ReceptionRules(settings)
  }

  private func request(
    called: String = "MMDICOM", calling: String = "PACS", _ contexts: [AssociationRequest.Context] = []
  ) -> AssociationRequest {
    AssociationRequest(called: called, calling: calling, contexts: contexts)
  }

  @Test func letsInWhoMayCome() throws {
    #expect(try rules().decide(request()) == .accept([]))
    #expect(try rules().decide(request(called: "OTHER")) == .reject(.calledUnknown))
    let strict = try rules { $0.callers = ["PACS", "CR1"] }
    #expect(strict.decide(request()) == .accept([]))
    #expect(strict.decide(request(calling: "pacs")) == .reject(.callingUnknown))
    #expect(try rules().decide(request(), isFull: true) == .reject(.tooMany))
  }

  private func answer(
    _ sopClass: String, _ syntaxes: [TransferSyntax], isProvider: Bool = false,
    _ objects: ReceptionSettings.Objects = .any
  ) throws -> ReceptionRules.Answer? {
    let context = AssociationRequest.Context(1, sopClass, syntaxes.map(\.uid.string), isProvider: isProvider)
    guard case .accept(let answers) = try rules({ $0.objects = objects }).decide(request([context])) else {
      return nil
    }
    return answers.first
  }

  @Test func takesThePeersPreferenceButExplicit() throws {
    let cr = UID.computedRadiographyImageStorage.string
    #expect(
      try answer(cr, [.jpegLosslessSV1, .explicitVRLittleEndian]) == .accepted(.storage, .jpegLosslessSV1))
    #expect(
      try answer(cr, [.implicitVRLittleEndian, .explicitVRLittleEndian])
        == .accepted(.storage, .explicitVRLittleEndian))
    #expect(try answer(cr, [.implicitVRLittleEndian]) == .accepted(.storage, .implicitVRLittleEndian))
    #expect(try answer(cr, [.htj2k]) == .accepted(.storage, .htj2k))
    #expect(try answer(cr, []) == .noSyntax)
    // MPEG-4.
    let video = TransferSyntax.of(try #require(UID("1.2.840.10008.1.2.4.102")))
    #expect(try answer(cr, [video]) == .noSyntax)
  }

  @Test func knowsWhatMayBeStored() throws {
    let explicit: [TransferSyntax] = [.explicitVRLittleEndian]
    for image in ReceptionRules.images {
      #expect(try answer(image.string, explicit, .images) == .accepted(.storage, .explicitVRLittleEndian))
    }
    let ct = UID.ctImageStorage.string
    #expect(try answer(ct, explicit) == .accepted(.storage, .explicitVRLittleEndian))
    #expect(try answer(ct, explicit, .images) == .noClass)
    // A private class; Study Root Query; something that is no UID.
    #expect(try answer("1.3.12.2.1107.5.9.1", explicit) == .accepted(.storage, .explicitVRLittleEndian))
    #expect(try answer("1.2.840.10008.5.1.4.1.2.2.1", explicit) == .noClass)
    #expect(try answer("radiograph", explicit) == .noClass)
    // Who would provide storage wants to be retrieved from.
    #expect(try answer(ct, explicit, isProvider: true) == .noClass)
  }

  @Test func answersEchoAndEventReports() throws {
    let both: [TransferSyntax] = [.jpegBaseline, .implicitVRLittleEndian]
    #expect(try answer("1.2.840.10008.1.1", both) == .accepted(.verification, .implicitVRLittleEndian))
    #expect(
      try answer("1.2.840.10008.1.20.1", both, isProvider: true)
        == .accepted(.commitment, .implicitVRLittleEndian))
  }

  @Test func tellsAddressesApart() throws {
    let range = try #require(AddressRange("192.168.10.0/23"))
    #expect(range.contains("192.168.11.255"))
    #expect(!range.contains("192.168.12.0"))
    #expect(!range.contains("::1"))
    #expect(try #require(AddressRange("10.1.2.3")).contains("10.1.2.3"))
    #expect(try #require(AddressRange("0.0.0.0/0")).contains("1.2.3.4"))
    for text in ["", "10.1.2", "10.1.2.256", "10.1.2.3/33", "10.1.2.3/", "host", "10.1.2.3/-1", "+1.2.3.4"] {
      #expect(AddressRange(text) == nil, "\(text)")
    }
  }
}
