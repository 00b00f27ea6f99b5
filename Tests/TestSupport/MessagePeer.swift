internal import Foundation
internal import Glibc

/// `Tests/DICOMNetworkTests/Peers/messages.py`: a web server and an HL7 receiver that write down what comes.
public final class MessagePeer {
  /// Ports of this machine.
  public let (http, mllp): (Int, Int)
  private let process = Process()
  /// A file: whoever else is started meanwhile may hold a pipe's other end open.
  private let output: URL

  /// Starts it; MMDICOM_PYTHON must be set.
  public init() throws {
    output = try TestEnvironment.temporaryFolder().appending(path: "output")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    process.executableURL = TestEnvironment.python
    let script = TestEnvironment.packageRoot.appending(path: "Tests/DICOMNetworkTests/Peers/messages.py")
    process.arguments = [script.path]
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    var ports: [Int] = []
    for _ in 0..<1200 where ports.count < 2 {
      usleep(50_000)
      let text = try String(contentsOf: output, encoding: .utf8)
      guard let end = text.firstIndex(of: "\n") else { continue }
      ports = text[..<end].split(separator: " ").compactMap { Int($0) }
    }
    guard ports.count == 2 else {
      _ = Glibc.kill(process.processIdentifier, SIGKILL)
      throw POSIXError(.ETIMEDOUT)
    }
    (http, mllp) = (ports[0], ports[1])
  }

  /// What came so far.
  public func told() throws -> [[String: Any]] {
    try String(contentsOf: output, encoding: .utf8).split(separator: "\n").dropFirst().compactMap {
      try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }

  /// What came, once the peer has ended.
  public func ended() throws -> [[String: Any]] {
    kill()
    process.waitUntilExit()
    return try String(contentsOf: output, encoding: .utf8).split(separator: "\n").dropFirst().compactMap {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
  }

  deinit { kill() }

  /// Its threads may have been born with signals blocked that end a process in order.
  private func kill() { _ = Glibc.kill(process.processIdentifier, SIGKILL) }
}
