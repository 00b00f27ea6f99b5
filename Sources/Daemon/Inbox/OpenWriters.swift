package import Files
import Glibc
package import SystemPackage

/// Whether some process has a file open for writing: while one has, the file isn't complete, however long nothing
/// was written.
///
/// Two ways, for neither tells everything. A read lease (fcntl(2), `F_SETLEASE`) is refused while anybody has the
/// file open for writing, with or without a descriptor that could be seen; but only its owner, or who has
/// CAP_LEASE, may ask, and network mounts mostly can't tell. Then `/proc` shows the open files of those processes
/// that may be looked into: all for root, else those of the same user. What neither way shows may still be written,
/// on another machine for one: there the settling time has to do.
package struct OpenWriters: ~Copyable {
  /// Files that processes hold open for writing, as `/proc` shows them; read when first needed.
  private var inProcesses: Set<FileIdentity>?

  /// A look at one moment: whoever asks later makes a new one.
  package init() {}

  /// Whether the file at `path` is known to be open for writing.
  package mutating func contain(_ path: FilePath) -> Bool {
    guard let name = path.lastComponent, let folder = OpenFolder(path.removingLastComponent()) else {
      return false
    }
    return contain(name, in: folder)
  }

  /// The same of a file in a folder that is open.
  package mutating func contain(_ name: FilePath.Component, in folder: OpenFolder) -> Bool {
    switch Self.lease(name, in: folder) {
    case .some(let isHeld): return isHeld
    case nil:
      guard let status = folder.status(name) else { return false }
      let held = inProcesses ?? Self.heldInProcesses()
      inProcesses = held
      return held.contains(FileIdentity(status))
    }
  }

  // Of the kernel's interface; glibc shows them to GNU sources only.
  private static let setLease: Int32 = 1024
  private static let setSignal: Int32 = 10

  /// Asks for a read lease and gives it back at once; nil when the file system or the rights don't let us know.
  private static func lease(_ name: FilePath.Component, in folder: OpenFolder) -> Bool? {
    // Without O_NONBLOCK a lease of somebody else's could make us wait.
    let file = folder.open(name, O_RDONLY | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // A writer that comes while we hold the lease is told of by a signal, which must not be one that ends us: SIGURG
    // is ignored where nobody waits for it. The writer waits only until the lease is gone.
    guard fcntl(file, setSignal, SIGURG) == 0 else { return nil }
    guard fcntl(file, setLease, Int32(F_RDLCK)) == 0 else { return errno == EAGAIN ? true : nil }
    _ = fcntl(file, setLease, Int32(F_UNLCK))
    return false
  }

  private static func heldInProcesses() -> Set<FileIdentity> {
    var held: Set<FileIdentity> = []
    let own = String(getpid())
    for process in names(in: "/proc") where process.first?.isNumber == true && process != own {
      let folder = "/proc/\(process)"
      for descriptor in names(in: folder + "/fd") {
        guard isForWriting(folder + "/fdinfo/" + descriptor) else { continue }
        guard let status = FilePath("\(folder)/fd/\(descriptor)").status(followingLink: true) else {
          continue
        }
        if status.st_mode & S_IFMT == S_IFREG { held.insert(FileIdentity(status)) }
      }
    }
    return held
  }

  /// What `/proc/PID/fdinfo/N` says in its line `flags:`, in octal.
  private static func isForWriting(_ path: String) -> Bool {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress!, $0.count) }
    let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("flags:") }),
      let flags = Int32(line.dropFirst(6).drop { $0 == "\t" || $0 == " " }, radix: 8)
    else { return false }
    return flags & O_ACCMODE != O_RDONLY
  }

  private static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
