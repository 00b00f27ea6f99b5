import DICOM
import DICOMNetwork
import Files
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Our requests to nodes that no one here wrote.
@Suite(.serialized, .enabled(if: Peers.storescp != nil, "needs storescp (package dcmtk)"))
struct UserTests {
  /// For peers that never answer; others have time, however busy the machine is.
  private var quick: AssociationOptions {
    AssociationOptions(connectSeconds: 5, answerSeconds: 3)
  }
  private var patient: AssociationOptions {
    AssociationOptions(connectSeconds: 60, answerSeconds: 60)
  }

  private func objects() throws -> [OutgoingObject] {
    try Peers.phantoms.map { try OutgoingObject(reading: $0) }
  }

  private func server(_ options: String..., into folder: Scratch) throws -> Server {
    try Server(try #require(Peers.storescp)) {
      ["--aetitle", "PACS", "--output-directory", folder.url.path] + options + [String($0)]
    }
  }

  /// Sends everything over one association.
  private func send(_ objects: [OutgoingObject], to address: DICOMAddress) throws -> [StoreAnswer] {
    let contexts = try #require(
      [ProposedContext].storing(objects.map { ($0.sopClass, $0.transferSyntax) }).first)
    var association = try Association.open(address, for: contexts, patient)
    let answers = try objects.map { object throws(NetworkFailure) in try association.store(object) }
    association.release()
    return answers
  }

  @Test func echoes() throws {
    let server = try server(into: Scratch())
    var association = try Association.open(try server.address(), for: [.verification], patient)
    for _ in 0..<3 { #expect(try association.echo() == .success) }
    association.release()
  }

  /// Each arrives with the bytes that its file has.
  @Test func storesObjectsAsTheyAre() throws {
    let folder = try Scratch()
    let server = try server("--accept-all", "--bit-preserving", into: folder)
    let objects = try objects()
    let answers = try send(objects, to: try server.address())
    #expect(answers.allSatisfy { $0.status == .success })
    #expect(answers.map(\.transferSyntax) == objects.map(\.transferSyntax))
    #expect(Set(objects.map(\.transferSyntax)).count > 3, "the phantoms are in several transfer syntaxes")
    for object in objects {
      let name = try #require(folder.names.first { $0.hasSuffix(object.sopInstance.string) })
      let (here, there) = (try DICOMFile(reading: object.url), try DICOMFile(reading: folder.file(name)))
      let sent = try Data(contentsOf: object.url)[here.dataSetStart...]
      #expect(try Data(contentsOf: folder.file(name))[there.dataSetStart...] == sent)
    }
  }

  /// A peer that takes the little endian encodings only gets decoded copies with the same pixels.
  @Test(arguments: ["--prefer-little", "--implicit"])
  func storesDecodedCopies(_ option: String) throws {
    let folder = try Scratch()
    let server = try server(option, "--bit-preserving", into: folder)
    let objects = try objects()
    let answers = try send(objects, to: try server.address())
    #expect(answers.allSatisfy { $0.status == .success })
    if option == "--implicit" {
      #expect(answers.allSatisfy { $0.transferSyntax == .implicitVRLittleEndian })
    }
    for object in objects {
      let name = try #require(folder.names.first { $0.hasSuffix(object.sopInstance.string) })
      let (here, there) = (try DICOMFile(reading: object.url), try DICOMFile(reading: folder.file(name)))
      #expect(here.numberOfFrames == there.numberOfFrames)
      for index in 0..<here.numberOfFrames { #expect(try here.frame(index) == there.frame(index)) }
      #expect(there.dataSet.string(.patientName) == here.dataSet.string(.patientName))
    }
  }

  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"))
  func saysWhatItIs() throws {
    let folder = try Scratch()
    let script = Peers.scripts.appending(path: "provider.py").path
    let server = try Server(try #require(Peers.python)) {
      [script, String($0), folder.url.path, "--callers", folder.file("callers.txt").path]
    }
    var association = try Association.open(try server.address(), for: [.verification], patient)
    #expect(try association.echo() == .success)
    association.release()
    let callers = try String(contentsOf: folder.file("callers.txt"), encoding: .utf8)
    #expect(
      callers.contains(
        "\(FileMetaInformation.implementationClass) \(FileMetaInformation.implementationVersion)\n"))
  }

  /// A peer that says nothing, and an object that it would take an hour to send.
  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"))
  func blamesTheirOwnSilenceOnPeers() async throws {
    let folder = try Scratch()
    let script = Peers.scripts.appending(path: "provider.py").path
    let server = try Server(try #require(Peers.python)) {
      [script, String($0), folder.url.path, "--delay", "3600"]
    }
    var options = patient
    options.answerSeconds = 1
    let sender = try PeerEndpoint.dicom(DICOMEndpoint(try server.address(), options)).sender()
    let file = Peers.phantoms[0]
    let object = try OutgoingObject(reading: file)
    let sent = SentObject(
      id: 7, path: file.path, content: try #require(ContentDigest(ofFileAt: FilePath(file.path))),
      sopClassUID: object.sopClass.string, sopInstanceUID: object.sopInstance.string, studyInstanceUID: "1.2")
    let answers = Mutex<[SendingNews]>([])
    let trouble = await sender.send([sent]) { news in
      answers.withLock { $0.append(news) }
    } isStopping: {
      false
    }
    await sender.close()
    #expect(trouble?.onTheirWay == [7] && trouble?.isLate == true, "\(trouble?.description ?? "")")
    #expect(answers.withLock { $0 }.allSatisfy { $0 == .goesOn })
  }

  @Test func knowsWhyThereIsNoAssociation() throws {
    func failure(_ address: DICOMAddress) -> NetworkFailure? {
      do throws(NetworkFailure) {
        let association = try Association.open(address, for: [.verification], patient)
        association.release()
        return nil
      } catch { return error }
    }
    let nobody = failure(try DICOMAddress("dicom://PACS@127.0.0.1:\(TestEnvironment.freePort())"))
    #expect(nobody?.kind == .unreachable)
    #expect(nobody?.isRetryable == true)
    #expect(failure(try DICOMAddress("dicom://PACS@no-such-host.invalid:104"))?.kind == .unreachable)
    let refusing = try server("--refuse", into: Scratch())
    let rejected = failure(try refusing.address())
    #expect(rejected?.kind == .rejectedForGood)
    #expect(rejected?.isRetryable == false)
    // Listens and says nothing.
    let silent = try Provider { $0.stallSeconds = 60 }
    #expect(failure(try DICOMAddress("dicom://NOBODY@localhost:\(silent.port)"))?.kind == .rejectedForGood)
  }

  /// storescp's own faults, each an error of its kind, none later than its time limit.
  @Test(arguments: [
    (["--abort-after"], [NetworkFailure.Kind.aborted, .closed]),
    (["--abort-during"], [.aborted, .closed]), (["--sleep-after", "20"], [.timedOut]),
    (["--sleep-during", "2", "--max-pdu", "4096"], [.timedOut]),
  ])
  func livesThroughFaults(_ options: [String], _ kinds: [NetworkFailure.Kind]) throws {
    let folder = try Scratch()
    let server = try Server(try #require(Peers.storescp)) {
      ["--aetitle", "PACS", "--output-directory", folder.url.path, "--accept-all"] + options + [String($0)]
    }
    let begun = ContinuousClock.now
    var failure: NetworkFailure?
    do throws(NetworkFailure) {
      let objects = try objectsOrFail()
      let contexts = [ProposedContext].storing(objects.map { ($0.sopClass, $0.transferSyntax) })
      var association = try Association.open(
        try addressOrFail(server), for: contexts[0], kinds == [.timedOut] ? quick : patient)
      for object in objects { _ = try association.store(object) }
      association.release()
    } catch { failure = error }
    let kind = try #require(failure?.kind)
    #expect(kinds.contains(kind), "\(failure?.description ?? "")")
    #expect(failure?.isRetryable == true)
    #expect(begun.duration(to: .now) < .seconds(30))
  }

  private func objectsOrFail() throws(NetworkFailure) -> [OutgoingObject] {
    do { return try objects() } catch { throw NetworkFailure(.local, "\(error)") }
  }

  private func addressOrFail(_ server: Server) throws(NetworkFailure) -> DICOMAddress {
    do { return try server.address() } catch { throw NetworkFailure(.local, "\(error)") }
  }

  @Test(.enabled(if: Peers.dcmqrscp != nil, "needs dcmqrscp (package dcmtk)"))
  func storesIntoAnArchive() throws {
    let folder = try Scratch()
    let settings = folder.file("dcmqrscp.cfg")
    let storage = folder.file("archive")
    try FileManager.default.createDirectory(at: storage, withIntermediateDirectories: true)
    try """
    MaxPDUSize = 16384
    MaxAssociations = 4
    HostTable BEGIN
    HostTable END
    VendorTable BEGIN
    VendorTable END
    AETable BEGIN
    PACS \(storage.path) RW (100, 1024mb) ANY
    AETable END
    """.write(to: settings, atomically: true, encoding: .utf8)
    let server = try Server(try #require(Peers.dcmqrscp)) { ["--config", settings.path, String($0)] }
    let objects = try objects().filter { $0.sopClass != .segmentationStorage }
    let answers = try send(objects, to: try server.address())
    #expect(answers.allSatisfy { $0.status == .success })
    let stored = (try FileManager.default.contentsOfDirectory(atPath: storage.path)).filter {
      $0.hasPrefix("C") || $0.hasPrefix("D")
    }
    #expect(stored.count == objects.count)
  }

  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"))
  func hearsWhatAPeerAnswers() throws {
    let folder = try Scratch()
    let script = Peers.scripts.appending(path: "provider.py").path
    let server = try Server(try #require(Peers.python)) {
      [script, String($0), folder.url.path, "--statuses", "0000,B000,A700,A900,C123,0122"]
    }
    let answers = try send(Array(try objects().prefix(6)), to: try server.address())
    #expect(answers.map(\.status.code) == [0, 0xB000, 0xA700, 0xA900, 0xC123, 0x0122])
    #expect(
      answers.map(\.status.verdict) == [
        .taken, .takenWithWarning, .refusedForNow, .refusedForGood, .refusedForGood, .refusedForGood,
      ])
    #expect(answers[2].comment == "no [31m thanks")
    #expect(answers[0].comment == "")
  }

  @Test func tellsWhatAPeerDoesntTake() throws {
    let provider = try Provider { $0.objects = .images }
    let objects = try objects()
    let contexts = try #require(
      [ProposedContext].storing(objects.map { ($0.sopClass, $0.transferSyntax) }).first)
    var association = try Association.open(try provider.address(), for: contexts, patient)
    var taken = 0
    for object in objects {
      do throws(NetworkFailure) {
        let answer = try association.store(object)
        #expect(answer.status == .success)
        taken += 1
      } catch {
        #expect(object.sopClass == .segmentationStorage)
        #expect(error.kind == .noContext)
        #expect(error.isOfObject)
      }
    }
    association.release()
    #expect(taken == objects.count { $0.sopClass != .segmentationStorage })
  }

  @Test(
    .enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"), arguments: [true, false])
  func asksForCommitment(_ onSameAssociation: Bool) throws {
    let (folder, provider) = (try Scratch(), try Provider())
    let script = Peers.scripts.appending(path: "provider.py").path
    let way = onSameAssociation ? "same" : "127.0.0.1:\(provider.port):MMDICOM"
    let server = try Server(try #require(Peers.python)) {
      [script, String($0), folder.url.path, "--commit", way]
    }
    let object = try #require(try objects().first)
    let contexts = [ProposedContext].storing([(object.sopClass, object.transferSyntax)])[0]
    var association = try Association.open(try server.address(), for: contexts + [.commitment], patient)
    #expect(try association.store(object).status == .success)
    let known = ReferencedSOP(sopClass: object.sopClass, sopInstance: object.sopInstance)
    let unknown = ReferencedSOP(sopClass: object.sopClass, sopInstance: .random())
    let request = CommitmentRequest(transactionUID: .random(), objects: [known, unknown])
    #expect(try association.requestCommitment(request) == .success)
    var result = try association.awaitCommitment(seconds: onSameAssociation ? 60 : 1)
    try association.confirmCommitment(isKept: true)
    if !onSameAssociation {
      #expect(result == nil)
      let end = ContinuousClock.now + .seconds(60)
      while provider.taker.results.isEmpty, .now < end { usleep(50_000) }
      result = provider.taker.results.first
    }
    // Whichever way it came, and if it didn't come here at all: what was in order ends in order.
    association.release()
    let ends = ["released", "aborted"].map { folder.file($0).path }
    let end = ContinuousClock.now + .seconds(60)
    while !ends.contains(where: FileManager.default.fileExists(atPath:)), .now < end { usleep(50_000) }
    #expect(ends.map(FileManager.default.fileExists(atPath:)) == [true, false])
    #expect(
      result
        == CommitmentResult(
          transactionUID: request.transactionUID, committed: [known],
          failed: [CommitmentResult.Failed(unknown, reason: 0x0112)]))
  }

  @Test func refusesAFileThatIsntWhatItWas() throws {
    let (folder, provider) = (try Scratch(), try Provider())
    let copy = folder.file("copy.dcm")
    try FileManager.default.copyItem(at: Peers.phantoms[0], to: copy)
    let object = try OutgoingObject(reading: copy)
    let contexts = [ProposedContext].storing([(object.sopClass, object.transferSyntax)])[0]
    var association = try Association.open(try provider.address(), for: contexts, patient)
    try FileManager.default.removeItem(at: copy)
    #expect(throws: NetworkFailure.self) { try association.store(object) }
    let bytes = try Data(contentsOf: Peers.phantoms[0])
    try bytes.prefix(bytes.count - 1000).write(to: copy)
    do throws(NetworkFailure) {
      _ = try association.store(object)
      Issue.record("a truncated file was sent")
    } catch { #expect(error.kind == .unreadable) }
    association.release()
    #expect(provider.taker.objects.isEmpty)
  }
}
