import Foundation
import TestSupport
import Testing

@Suite("The service's systemd files")
struct UnitTests {
  private static let verifier = TestEnvironment.tool("systemd-analyze")
  private let unit = TestEnvironment.packageRoot.appending(path: "systemd/mmdicom.service")

  @Test(
    "systemd-analyze finds nothing wrong with the unit", .enabled(if: verifier != nil, "no systemd-analyze"))
  func verify() async throws {
    // The program isn't installed where the tests run; everything else of the unit is judged as it is.
    let folder = try TestEnvironment.temporaryFolder()
    let copy = folder.appending(path: "mmdicom.service")
    let text = try String(contentsOf: unit, encoding: .utf8)
    #expect(text.contains("ExecStart=/usr/bin/mmdicom serve --config /etc/mmdicom/mmdicom.yaml\n"))
    try Data(text.replacing("/usr/bin/mmdicom ", with: "/usr/bin/env ").utf8).write(to: copy)
    let others = ["mmdicom-http.socket", "mmdicom-failed@.service"].map { folder.appending(path: $0) }
    for other in others {
      try FileManager.default.copyItem(
        at: unit.deletingLastPathComponent().appending(path: other.lastPathComponent), to: other)
    }
    let (status, said) = try TestEnvironment.run(
      #require(Self.verifier), ["verify", "--man=no", copy.path] + others.map(\.path))
    #expect(status == 0 && said.isEmpty, "\(said)")
  }

  @Test("the unit waits longer for a stop than the daemon takes, and never restarts what can't be helped")
  func limits() throws {
    let text = try String(contentsOf: unit, encoding: .utf8)
    let configuration = try String(
      contentsOf: TestEnvironment.packageRoot.appending(path: "etc/mmdicom.yaml"), encoding: .utf8)
    let stop = try #require(configuration.firstMatch(of: /(?m)^stop_seconds: (\d+)$/).flatMap { Int($0.1) })
    let limit = try #require(text.firstMatch(of: /(?m)^TimeoutStopSec=(\d+)$/).flatMap { Int($0.1) })
    #expect(limit > stop)
    #expect(text.contains("KillMode=mixed\n"))
    // The socket is where the configuration says.
    let socket = try String(
      contentsOf: unit.deletingLastPathComponent().appending(path: "mmdicom-http.socket"), encoding: .utf8)
    let address = try #require(configuration.firstMatch(of: /(?m)^http: (\S+)$/)).1
    #expect(socket.contains("ListenStream=\(address)\n"))
    #expect(text.contains("RestartPreventExitStatus=64 65 66 78\n"))
  }
}
