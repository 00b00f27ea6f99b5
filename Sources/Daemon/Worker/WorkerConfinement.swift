import Files
import FoundationEssentials
package import SystemPackage

/// The files that a worker may touch beside those that every program needs. The first line that it is sent.
package struct WorkerConfinement: Sendable, Equatable, Codable {
  /// Files and folders with all that lies in them, as `FilePath.text`.
  package var readable: [String]
  /// Folders in which it may make, change and remove files.
  package var writable: [String]

  package init(readable: [FilePath], writable: [FilePath] = []) {
    self.readable = readable.map(\.text)
    self.writable = writable.map(\.text)
  }

  /// One line, with its line feed.
  var line: [UInt8] {
    get throws { Array(try JSONEncoder().encode(self)) + [UInt8(ascii: "\n")] }
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

  var arguments: [String] { ["--memory", String(memory), "--processor-seconds", String(processorSeconds)] }
}
