import DICOM
import DICOMNetwork
import Foundation
import TestSupport
import Testing

/// Orthanc, started by the test: it sends a study to us, and gets objects from us.
@Suite(
  .serialized,
  .enabled(if: TestEnvironment.tool("Orthanc") != nil, "needs Orthanc (package orthanc)"),
  .enabled(if: TestEnvironment.tool("curl") != nil, "needs curl"))
struct OrthancTests {
  private func orthanc(_ folder: Scratch, _ provider: Provider, web: UInt16) throws -> Server {
    let dicom = TestEnvironment.freePort()
    let settings = """
      {"Name": "test", "StorageDirectory": "\(folder.url.path)/db", "IndexDirectory": "\(folder.url.path)/db",
       "HttpPort": \(web), "DicomPort": \(dicom), "DicomAet": "ORTHANC", "RemoteAccessAllowed": false,
       "AuthenticationEnabled": false, "Plugins": [], "DicomCheckCalledAet": true,
       "DicomModalities": {"mmdicom": ["MMDICOM", "127.0.0.1", \(provider.port)]}}
      """
    try settings.write(to: folder.file("orthanc.json"), atomically: true, encoding: .utf8)
    let server = try Server(try #require(TestEnvironment.tool("Orthanc")), port: dicom) { _ in
      [folder.file("orthanc.json").path]
    }
    let end = ContinuousClock.now + .seconds(30)
    while !Peers.answers(web), .now < end { usleep(20_000) }
    return server
  }

  private func curl(_ arguments: String...) throws -> String {
    let tool = try #require(TestEnvironment.tool("curl"))
    let (status, output) = try TestEnvironment.run(tool, ["--silent", "--show-error", "--fail"] + arguments)
    try #require(status == 0, "\(output)")
    return output
  }

  @Test func sendsAndGetsAStudy() throws {
    let (folder, provider, web) = (try Scratch(), try Provider(), TestEnvironment.freePort())
    let server = try orthanc(folder, provider, web: web)
    let rest = "http://127.0.0.1:\(web)"
    // We store into it.
    let study = [try #require(Peers.plain)]
    let objects = try study.map { try OutgoingObject(reading: $0) }
    let contexts = [ProposedContext].storing(objects.map { ($0.sopClass, $0.transferSyntax) })[0]
    var association = try Association.open(try server.address("ORTHANC"), for: contexts + [.verification])
    #expect(try association.echo() == .success)
    for object in objects { #expect(try association.store(object).status == .success) }
    association.release()
    let instances = try JSONDecoder().decode([String].self, from: Data(try curl("\(rest)/instances").utf8))
    #expect(instances.count == objects.count)
    // It renders what it got.
    let preview = folder.file("preview.png").path
    _ = try curl("--output", preview, "\(rest)/instances/\(instances[0])/rendered")
    #expect((try Data(contentsOf: URL(filePath: preview))).prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    // It stores into us.
    _ = try curl("--request", "POST", "--data", "", "\(rest)/modalities/mmdicom/echo")
    let studies = try JSONDecoder().decode([String].self, from: Data(try curl("\(rest)/studies").utf8))
    _ = try curl("--request", "POST", "--data", studies[0], "\(rest)/modalities/mmdicom/store")
    let came = provider.taker.objects
    #expect(Set(came.map(\.sopInstance)) == Set(objects.map(\.sopInstance.string)))
    #expect(came.allSatisfy { $0.caller == "ORTHANC" })
    for object in came {
      let source = try #require(objects.first { $0.sopInstance.string == object.sopInstance })
      let (here, there) = (try DICOMFile(reading: source.url), try DICOMFile(reading: provider.file(object)))
      for index in 0..<here.numberOfFrames { #expect(try here.frame(index) == there.frame(index)) }
    }
  }
}
