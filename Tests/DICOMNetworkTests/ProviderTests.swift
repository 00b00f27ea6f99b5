import DICOM
import DICOMNetwork
import Foundation
import Glibc
import TestSupport
import Testing

/// Requests of programs that no one here wrote.
@Suite(.serialized, .enabled(if: Peers.storescu != nil, "needs storescu (package dcmtk)"))
struct ProviderTests {
  private func echo(_ provider: Provider, _ options: String...) throws -> Int32 {
    let tool = try #require(Peers.echoscu)
    return try TestEnvironment.run(tool, options + ["localhost", String(provider.port)]).status
  }

  /// Sends files one association each, in their own transfer syntax.
  private func store(_ provider: Provider, _ files: [URL], _ options: [String] = []) throws -> (Int32, String)
  {
    let arguments =
      ["--verbose", "--call", "MMDICOM", "--propose-lossless", "--no-halt", "--required"] + options
      + ["localhost", String(provider.port)] + files.map(\.path)
    return try TestEnvironment.run(try #require(Peers.storescu), arguments)
  }

  @Test func answersEcho() throws {
    let provider = try Provider()
    #expect(try echo(provider, "--call", "MMDICOM") == 0)
    #expect(try echo(provider, "--call", "OTHER") != 0)
    #expect(try echo(provider, "--call", "MMDICOM", "--propose-ts", "38", "--repeat", "5") == 0)
  }

  @Test func knowsItsCallers() throws {
    let provider = try Provider { $0.callers = ["CR1"] }
    #expect(try echo(provider, "--call", "MMDICOM", "--aetitle", "CR1") == 0)
    #expect(try echo(provider, "--call", "MMDICOM", "--aetitle", "CR2") != 0)
    let end = ContinuousClock.now + .seconds(10)
    while provider.taker.notes.isEmpty, .now < end { usleep(20_000) }
    #expect(provider.taker.notes.contains { $0.contains("'CR2'") })
  }

  /// What a peer sends lies in a file that is the data set, byte by byte.
  @Test func takesObjects() throws {
    let provider = try Provider()
    let native = try Peers.phantoms.filter {
      try OutgoingObject(reading: $0).transferSyntax == .explicitVRLittleEndian
    }
    try #require(!native.isEmpty)
    let (status, output) = try store(provider, native)
    #expect(status == 0, "\(output)")
    #expect(provider.taker.objects.count == native.count)
    for object in provider.taker.objects {
      let file = try DICOMFile(reading: provider.file(object))
      #expect(file.dataSet.string(.sopInstanceUID) == object.sopInstance)
      #expect(object.caller == "STORESCU")
      #expect(object.bytes == (try Data(contentsOf: provider.file(object))).count)
      let source = try #require(
        native.first { (try? DICOMFile(reading: $0))?.dataSet.string(.sopInstanceUID) == object.sopInstance })
      let sent = try DICOMFile(reading: source)
      #expect(file.dataSet == sent.dataSet)
      for index in 0..<sent.numberOfFrames { #expect(try file.frame(index) == sent.frame(index)) }
    }
    #expect(provider.folder.names.count == native.count)
  }

  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"))
  func takesEveryTransferSyntaxFromSeveralAtATime() throws {
    let provider = try Provider()
    let script = Peers.scripts.appending(path: "user.py").path
    let (status, output) = try TestEnvironment.run(
      try #require(Peers.python),
      ["-W", "ignore", script, String(provider.port), "MMDICOM", "--associations", "4"]
        + Peers.phantoms.map(\.path))
    #expect(status == 0, "\(output)")
    let lines = output.split(separator: "\n")
    #expect(lines.count { $0 == "echo 0000" } == 4)
    #expect(
      lines.count { $0.hasSuffix(" 0000") && $0.hasPrefix("2.25.") } == Peers.phantoms.count,
      "\(output)\n\(provider.taker.notes)")
    let syntaxes = try provider.taker.objects.map { try DICOMFile(reading: provider.file($0)).transferSyntax }
    #expect(Set(syntaxes) == Set(try Peers.phantoms.map { try OutgoingObject(reading: $0).transferSyntax }))
  }

  /// As the dispatcher of mercure calls it, for which what isn't SUCCESS has failed.
  @Test(.enabled(if: Peers.dcmsend != nil, "needs dcmsend (package dcmtk)"))
  func takesWhatARouterSends() throws {
    let (provider, folder) = (try Provider(), try Scratch())
    for (number, file) in Peers.phantoms.enumerated() {
      try FileManager.default.copyItem(at: file, to: folder.file("\(number).dcm"))
    }
    let report = folder.file("sent.txt")
    let (status, output) = try TestEnvironment.run(
      try #require(Peers.dcmsend),
      [
        "localhost", String(provider.port), "+sd", folder.url.path, "-aet", "MERCURE", "-aec", "MMDICOM",
        "-nuc", "+sp", "*.dcm", "-to", "60", "+crf", report.path,
      ])
    #expect(status == 0, "\(output)")
    let said = try String(contentsOf: report, encoding: .utf8)
    #expect(said.firstMatch(of: /with status SUCCESS +: (\d+)/)?.1 == "\(Peers.phantoms.count)", "\(said)")
    #expect(provider.taker.objects.count == Peers.phantoms.count)
    #expect(Set(provider.taker.objects.map(\.caller)) == ["MERCURE"])
  }

  /// The same object twice is the same file twice, whoever brings it.
  @Test func makesTheSameFileOfTheSameObject() throws {
    let provider = try Provider()
    let file = try #require(Peers.phantoms.first)
    for title in ["A", "B"] {
      let object = try OutgoingObject(reading: file)
      let contexts = [ProposedContext].storing([(object.sopClass, object.transferSyntax)])[0]
      var association = try Association.open(
        try provider.address(), for: contexts, AssociationOptions(callingAETitle: title))
      #expect(try association.store(object).status == .success)
      association.release()
    }
    let files = try provider.taker.objects.map { try Data(contentsOf: provider.file($0)) }
    #expect(files.count == 2 && files[0] == files[1])
  }

  @Test func refusesForNowWhatItHasNoRoomFor() throws {
    let provider = try Provider()
    provider.taker.isOpen = false
    let (_, output) = try store(provider, [try #require(Peers.plain)], ["--propose-little"])
    #expect(output.contains("A700") || output.contains("OutOfResources"), "\(output)")
    #expect(provider.taker.objects.isEmpty && provider.folder.names.isEmpty)
    provider.taker.isOpen = true
    // And what nobody takes goes again.
    let refusing = try Provider(status: .outOfResources)
    _ = try store(refusing, [try #require(Peers.plain)], ["--propose-little"])
    #expect(refusing.taker.objects.count == 1 && refusing.folder.names.isEmpty)
  }

  /// The disk may fill up while an object comes.
  @Test func refusesForNowWhatItRunsOutOfRoomFor() throws {
    let provider = try Provider()
    let object = try OutgoingObject(reading: try #require(Peers.large))
    let contexts = [ProposedContext].storing([(object.sopClass, object.transferSyntax)])[0]
    var association = try Association.open(try provider.address(), for: contexts)
    var pieces = 0
    let answer = try association.store(object) {
      pieces += 1
      provider.taker.isOpen = false
    }
    #expect(pieces > 1)
    #expect(answer.status == .outOfResources)
    #expect(provider.taker.objects.isEmpty && provider.folder.names.isEmpty)
    // The conversation goes on.
    provider.taker.isOpen = true
    #expect(try association.store(object).status == .success)
    association.release()
  }

  @Test func saysWhatItIs() throws {
    let provider = try Provider()
    let (_, output) = try TestEnvironment.run(
      try #require(Peers.echoscu), ["--debug", "--call", "MMDICOM", "localhost", String(provider.port)])
    let answer = output.components(separatedBy: "BEGIN A-ASSOCIATE-AC").last ?? ""
    #expect(
      answer.contains("Their Implementation Class UID:    \(FileMetaInformation.implementationClass)"),
      "\(output)")
    #expect(
      answer.contains("Their Implementation Version Name: \(FileMetaInformation.implementationVersion)"))
  }

  @Test func endsAnObjectThatIsTooLarge() throws {
    let provider = try Provider { $0.objectBytes = 10_000 }
    let object = try OutgoingObject(reading: Peers.phantoms[0])
    let contexts = [ProposedContext].storing([(object.sopClass, object.transferSyntax)])[0]
    var association = try Association.open(try provider.address(), for: contexts)
    #expect(throws: NetworkFailure.self) { try association.store(object) }
    #expect(provider.taker.objects.isEmpty)
  }

  @Test func takesNoMoreAssociationsThanItMay() throws {
    let provider = try Provider { $0.associations = 2 }
    let address = try provider.address()
    var first = try Association.open(address, for: [.verification])
    var second = try Association.open(address, for: [.verification])
    do throws(NetworkFailure) {
      _ = try Association.open(address, for: [.verification])
      Issue.record("a third association was accepted")
    } catch {
      #expect(error.kind == .rejectedForNow)
      #expect(error.isRetryable)
    }
    #expect(try first.echo() == .success)
    #expect(try second.echo() == .success)
    first.release()
    second.release()
    // A place is free again soon.
    let end = ContinuousClock.now + .seconds(10)
    var isIn = false
    while !isIn, .now < end {
      if let association = try? Association.open(address, for: [.verification]) {
        association.release()
        isIn = true
      }
    }
    #expect(isIn)
  }

  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"))
  func takesEventReports() throws {
    let provider = try Provider()
    let (transaction, instance) = (UID.random(), try #require(UID("1.2.3.4")))
    let (status, output) = try TestEnvironment.run(
      try #require(Peers.python),
      [
        "-W", "ignore", Peers.scripts.appending(path: "user.py").path, String(provider.port), "MMDICOM",
        "--event",
        "\(transaction):\(instance)",
      ])
    #expect(status == 0 && output.contains("event 0000"), "\(output)")
    let result = try #require(provider.taker.results.first)
    #expect(result.transactionUID == transaction)
    #expect(
      result.committed == [ReferencedSOP(sopClass: .secondaryCaptureImageStorage, sopInstance: instance)])
    #expect(result.failed.map(\.reason) == [0x0112])
  }

  /// All that abuse.py knows.
  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON"), .timeLimit(.minutes(5)))
  func livesThroughAbuse() throws {
    let provider = try Provider { $0.stallSeconds = 3 }
    let (status, output) = try TestEnvironment.run(
      try #require(Peers.python),
      [
        Peers.scripts.appending(path: "abuse.py").path, "127.0.0.1", String(provider.port), "MMDICOM",
        "--seed",
        String(Int.random(in: 0..<1_000_000)),
      ])
    #expect(status == 0, "\(output)")
    // What was taken is there; nothing is left of what wasn't.
    #expect(Set(provider.folder.names) == Set(provider.taker.objects.map(\.file)))
  }
}
