import DICOMNetwork
import Foundation
import TestSupport
import Testing

/// TLS with certificates that openssl makes, on both sides and with DCMTK's programs.
@Suite(.serialized, .enabled(if: Peers.openssl != nil && Peers.storescp != nil, "needs openssl and storescp"))
struct TLSTests {
  /// An authority, and nodes that it has signed.
  private struct Certificates {
    let folder: Scratch
    var authority: String { folder.file("authority.pem").path }

    init() throws {
      folder = try Scratch()
      try openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem"
      )
    }

    func openssl(_ line: String) throws {
      let process = Process()
      let tool = try #require(Peers.openssl)
      process.executableURL = tool
      process.arguments = line.split(separator: " ").map(String.init)
      process.currentDirectoryURL = folder.url
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "openssl \(line)")
    }

    func node(_ name: String, host: String = "localhost") throws -> (certificate: String, key: String) {
      try "subjectAltName=DNS:\(host)".write(
        to: folder.file("\(name).ext"), atomically: true, encoding: .utf8)
      try openssl("req -newkey rsa:2048 -nodes -subj /CN=\(host) -keyout \(name).key -out \(name).csr")
      try openssl(
        "x509 -req -days 2 -in \(name).csr -CA authority.pem -CAkey authority.key -CAcreateserial "
          + "-extfile \(name).ext -out \(name).pem")
      return (folder.file("\(name).pem").path, folder.file("\(name).key").path)
    }

    func settings(
      _ node: (certificate: String, key: String)?, _ verification: TLSSettings.Verification = .full
    ) -> TLSSettings {
      TLSSettings(
        certificate: node?.certificate, key: node?.key, authorities: [authority], verification: verification)
    }
  }

  private func echo(_ address: DICOMAddress, _ settings: TLSSettings) throws(NetworkFailure) -> DIMSEStatus {
    var options = AssociationOptions(tls: settings, connectSeconds: 60, answerSeconds: 60)
    options.callingAETitle = "TEST"
    var association = try Association.open(address, for: [.verification], options)
    let status = try association.echo()
    association.release()
    return status
  }

  private func kind(_ address: DICOMAddress, _ settings: TLSSettings) -> NetworkFailure.Kind? {
    do throws(NetworkFailure) {
      _ = try echo(address, settings)
      return nil
    } catch { return error.kind }
  }

  @Test func agreesWithItself() throws {
    let certificates = try Certificates()
    let (server, client) = (try certificates.node("server"), try certificates.node("client"))
    let provider = try Provider(tls: certificates.settings(server))
    let address = try provider.address(tls: true)
    #expect(try echo(address, certificates.settings(client)) == .success)
    // No certificate; one of another authority; a server that isn't trusted; the wrong name.
    #expect(kind(address, certificates.settings(nil)) != nil)
    let others = try Certificates()
    #expect(kind(address, certificates.settings(try others.node("client"))) != nil)
    #expect(kind(address, others.settings(client)) == .tls)
    let named = try DICOMAddress("dicom-tls://MMDICOM@127.0.0.1:\(provider.port)")
    #expect(kind(named, certificates.settings(client)) == .tls)
    #expect(try echo(named, certificates.settings(client, .authority)) == .success)
    #expect(try echo(named, others.settings(client, .none)) == .success)
    // Plain to a TLS port, and the reverse.
    #expect(kind(try provider.address(), certificates.settings(client)) != nil)
    let plain = try Provider()
    #expect(kind(try plain.address(tls: true), certificates.settings(client)) == .tls)
    #expect(try echo(address, certificates.settings(client)) == .success)
  }

  /// Who may call isn't for the public authorities to say.
  @Test func isNoServerWithoutAuthorities() throws {
    let certificates = try Certificates()
    let server = try certificates.node("server")
    var settings = certificates.settings(server)
    settings.authorities = []
    #expect(throws: NetworkFailure.self) { _ = try TLSContext(settings, isServer: true) }
    settings.verification = .none
    _ = try TLSContext(settings, isServer: true)
    settings.verification = .full
    _ = try TLSContext(settings, isServer: false)
  }

  @Test func namesAFileThatCantBeUsed() throws {
    let certificates = try Certificates()
    let node = try certificates.node("node")
    let other = try certificates.node("other")
    for settings in [
      TLSSettings(certificate: "/nowhere.pem"), TLSSettings(certificate: node.certificate, key: other.key),
      TLSSettings(certificate: node.certificate, key: node.key, authorities: ["/nowhere.pem"]),
      TLSSettings(certificate: node.key),
    ] {
      do throws(NetworkFailure) {
        _ = try TLSContext(settings, isServer: true)
        Issue.record("\(settings) can be used")
      } catch {
        #expect(error.kind == .local)
        #expect(error.detail.contains(".pem") || error.detail.contains(".key"), "\(error)")
      }
    }
  }

  @Test func agreesWithDCMTK() throws {
    let certificates = try Certificates()
    let (server, client, folder) = (
      try certificates.node("server"), try certificates.node("client"), try Scratch()
    )
    let storescp = try Server(try #require(Peers.storescp)) {
      [
        "--aetitle", "PACS", "--output-directory", folder.url.path, "--accept-all", "+tls", server.key,
        server.certificate, "+cf", certificates.authority, String($0),
      ]
    }
    let object = try OutgoingObject(reading: Peers.phantoms[0])
    let options = AssociationOptions(tls: certificates.settings(client))
    let contexts = [ProposedContext].storing([(object.sopClass, object.transferSyntax)])[0]
    var association = try Association.open(try storescp.address(tls: true), for: contexts, options)
    #expect(try association.store(object).status == .success)
    association.release()
    #expect(folder.names.count == 1)

    let provider = try Provider(tls: certificates.settings(server))
    func storescu(_ more: String...) throws -> Int32 {
      try TestEnvironment.run(
        try #require(Peers.storescu),
        ["--call", "MMDICOM", "--propose-little", "--required"] + more
          + [
            "+cf", certificates.authority, "localhost", String(provider.port), try #require(Peers.plain).path,
          ]
      ).status
    }
    _ = try storescu("+tls", client.key, client.certificate)
    #expect(provider.taker.objects.count == 1)
    // Without a certificate nobody is let in.
    #expect(try storescu("--anonymous-tls") != 0)
    #expect(provider.taker.objects.count == 1)
  }

  @Test(.enabled(if: Peers.python != nil, "needs MMDICOM_PYTHON with pynetdicom"))
  func agreesWithPynetdicom() throws {
    let certificates = try Certificates()
    let (server, client, folder) = (
      try certificates.node("server"), try certificates.node("client"), try Scratch()
    )
    let provider = try Provider(tls: certificates.settings(server))
    let joined = certificates.folder.file("joined.pem")
    let text = try String(contentsOfFile: client.certificate, encoding: .utf8)
    try (text + String(contentsOfFile: client.key, encoding: .utf8)).write(
      to: joined, atomically: true, encoding: .utf8)
    let (status, output) = try TestEnvironment.run(
      try #require(Peers.python),
      [
        "-W", "ignore", Peers.scripts.appending(path: "user.py").path, String(provider.port), "MMDICOM",
        Peers.phantoms[0].path, "--certificate", joined.path, "--authority", certificates.authority,
      ])
    #expect(status == 0 && provider.taker.objects.count == 1, "\(output)")

    let serverText = try String(contentsOfFile: server.certificate, encoding: .utf8)
    try (serverText + String(contentsOfFile: server.key, encoding: .utf8)).write(
      to: joined, atomically: true, encoding: .utf8)
    let peer = try Server(try #require(Peers.python)) {
      [
        Peers.scripts.appending(path: "provider.py").path, String($0), folder.url.path, "--certificate",
        joined.path, "--authority", certificates.authority,
      ]
    }
    #expect(try echo(try peer.address(tls: true), certificates.settings(client)) == .success)
  }
}
