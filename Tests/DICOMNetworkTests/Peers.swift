import DICOM
import DICOMNetwork
import Foundation
import Glibc
import TestSupport
import Testing

/// Programs that no one here wrote, and files to send them.
enum Peers {
  static let storescu = TestEnvironment.tool("storescu")
  static let storescp = TestEnvironment.tool("storescp")
  static let dcmsend = TestEnvironment.tool("dcmsend")
  static let echoscu = TestEnvironment.tool("echoscu")
  static let dcmqrscp = TestEnvironment.tool("dcmqrscp")
  static let openssl = TestEnvironment.tool("openssl")
  static let python = TestEnvironment.python(importing: "pynetdicom")

  static let scripts = TestEnvironment.packageRoot.appending(path: "Tests/DICOMNetworkTests/Peers")

  /// Radiographs and masks, in several transfer syntaxes, sorted.
  static let phantoms: [URL] = {
    let folder = TestEnvironment.packageRoot.appending(path: "samples/phantoms")
    let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".dcm") }.sorted().map { folder.appending(path: $0) }
  }()

  /// One in explicit little endian, which every program can send.
  static let plain: URL? = phantoms.first {
    (try? OutgoingObject(reading: $0))?.transferSyntax == .explicitVRLittleEndian
  }

  /// One that takes several PDUs.
  static let large: URL? = phantoms.max { size(of: $0) < size(of: $1) }

  private static func size(of file: URL) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int) ?? 0
  }

  static func answers(_ port: UInt16) -> Bool {
    guard let descriptor = TestEnvironment.connection(toPort: port) else { return false }
    close(descriptor)
    return true
  }
}

/// A program that listens, until it is let go.
final class Server {
  private let process = Process()
  let port: UInt16

  /// - Parameter arguments: Are given the port.
  init(_ tool: URL, port: UInt16 = TestEnvironment.freePort(), _ arguments: (UInt16) -> [String]) throws {
    self.port = port
    process.executableURL = tool
    process.arguments = arguments(port)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let end = ContinuousClock.now + .seconds(60)
    while !Peers.answers(port), process.isRunning, .now < end { usleep(20_000) }
    try #require(process.isRunning, "\(tool.lastPathComponent) ended")
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  func address(_ title: String = "PACS", tls: Bool = false) throws -> DICOMAddress {
    try DICOMAddress("dicom\(tls ? "-tls" : "")://\(title)@localhost:\(port)")
  }
}

/// A folder that goes with the test.
final class Scratch {
  let url: URL

  init() throws { url = try TestEnvironment.temporaryFolder() }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String) -> URL { url.appending(path: name) }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}
