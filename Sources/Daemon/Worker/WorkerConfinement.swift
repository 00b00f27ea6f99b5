import CSandbox
import Files
package import SystemPackage

/// The files that a worker may touch beside those that every program needs. The first line that it is sent.
package struct WorkerConfinement: Sendable, Equatable, Codable {
  /// Files and folders with all that lies in them, as `FilePath.text`.
  package var readable: [String]
  /// Folders in which it may make, change and remove files.
  package var writable: [String]
  /// Whether it may open connections to others, and wait for theirs.
  package var connects = false
  package var listens = false

  package init(readable: [FilePath], writable: [FilePath] = []) {
    self.readable = readable.map(\.text)
    self.writable = writable.map(\.text)
  }

  /// As the rules of Landlock and the filter of system calls name it.
  var network: Int32 { Self.network(connects: connects, listens: listens) }

  static func network(connects: Bool, listens: Bool) -> Int32 {
    Int32((connects ? SANDBOX_CONNECT.rawValue : 0) | (listens ? SANDBOX_LISTEN.rawValue : 0))
  }

  /// One line, with its line feed.
  var line: [UInt8] {
    get throws { try JSONLine.bytes(of: self) }
  }
}

/// What a worker may use up.
public struct WorkerLimits: Sendable, Equatable {
  /// Bytes of memory; 0 for no limit but the system's. A worker that needs more dies, and its file is to blame.
  public var memory: Int
  /// Seconds of processor time, over all threads, for each file; 0 for no limit.
  public var processorSeconds: Int

  /// The largest file that a worker may write: far more than any result has.
  static let fileSize = 4 << 30

  public init(memory: Int = 3 << 30, processorSeconds: Int = 600) {
    self.memory = memory
    self.processorSeconds = processorSeconds
  }

  var arguments: [String] { memoryArguments + ["--processor-seconds", String(processorSeconds)] }
  var memoryArguments: [String] { ["--memory", String(memory)] }
}
