import Foundation
internal import Glibc
internal import Synchronization

/// A PostgreSQL from Debian's packages that the tests of one process share: in a folder of its own, behind a socket there,
/// and gone with the process.
public final class PostgresServer: Sendable {
  /// Debian's programs; nil where the package isn't installed. Not by the search path: what lies there may be another.
  private static let programs: URL? = {
    let root = URL(filePath: "/usr/lib/postgresql")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return versions.compactMap { Int($0) }.sorted(by: >).lazy
      .map { root.appending(path: "\($0)/bin") }
      .first { FileManager.default.isExecutableFile(atPath: $0.appending(path: "initdb").path) }
  }()

  /// Whether there can be one.
  public static var isInstalled: Bool { programs != nil }

  /// The server of this process, made when it is first asked for.
  public static let shared: Result<PostgresServer, any Error> = Result { try PostgresServer("shared") }

  private static let all = Mutex<[PostgresServer]>([])
  private static let endsWithProcess: Void = {
    _ = atexit {
      for server in PostgresServer.all.withLock({ $0 }) {
        server.stop()
        try? FileManager.default.removeItem(at: server.folder)
      }
    }
  }()

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  private let folder: URL
  private let process: Mutex<Process?>
  private let programs: URL
  private let isDurable: Bool
  /// The server's user, who isn't root: it refuses that.
  private let prefix: [String]

  /// One more, for who stops it.
  /// - Parameter isDurable: whether it waits for the disk, as a real one does.
  public init(_ name: String, isDurable: Bool = false) throws {
    self.isDurable = isDurable
    guard let programs = Self.programs else { throw Failure(description: "postgresql isn't installed") }
    self.programs = programs
    // Short: the path of a socket has room for 107 bytes.
    folder = URL(filePath: "/tmp/mmdicom-test-pg-\(getpid())-\(name)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if geteuid() == 0 {
      guard let user = unsafe getpwnam("postgres") else { throw Failure(description: "no user postgres") }
      _ = unsafe chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid)
      prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    } else {
      prefix = []
    }
    process = Mutex(nil)
    let initdb = programs.appending(path: "initdb").path
    let made = try run([initdb, "-D", data, "-A", "trust", "-U", "mmdicom", "-E", "UTF8", "--locale=C", "-N"])
    guard made.status == 0 else { throw Failure(description: made.text) }
    try start()
    Self.all.withLock { $0.append(self) }
    _ = Self.endsWithProcess
  }

  private var data: String { folder.appending(path: "data").path }

  /// How a program connects to it, with whatever else is to be asked of it.
  public func address(_ more: String = "") -> String {
    "postgresql://mmdicom@/postgres?host=\(folder.path)\(more)"
  }

  /// Starts it, and waits until it answers.
  public func start() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      prefix + [
        programs.appending(path: "postgres").path, "-D", data, "-k", folder.path, "-c", "listen_addresses=",
        "-c",
        "fsync=\(isDurable ? "on" : "off")", "-c", "max_connections=500", "-c", "shared_buffers=32MB",
      ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    self.process.withLock { $0 = process }
    let ready = programs.appending(path: "pg_isready").path
    for _ in 0..<600 {
      if try run([ready, "-q", "-h", folder.path]).status == 0 { return }
      usleep(100_000)
    }
    throw Failure(description: "PostgreSQL doesn't answer")
  }

  private var log: URL {
    let file = folder.appending(path: "log")
    if !FileManager.default.fileExists(atPath: file.path) {
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    }
    return file
  }

  /// Ends it at once; who is connected is cut off.
  public func stop() {
    process.withLock { process in
      process?.interrupt()
      process?.waitUntilExit()
      process = nil
    }
  }

  /// Says something to it, as its superuser.
  @discardableResult
  public func say(_ sql: String) throws -> String {
    let program = programs.appending(path: "psql").path
    let said = try run([program, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address(), "-c", sql])
    guard said.status == 0 else { throw Failure(description: said.text) }
    return said.text
  }

  private func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = prefix + arguments
    process.currentDirectoryURL = URL(filePath: "/")
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
