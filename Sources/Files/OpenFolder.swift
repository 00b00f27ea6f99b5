import CSystemCalls
package import Glibc
package import SystemPackage

/// A folder that is held open. What strangers may change below it is reached from here by single names, and deeper
/// folders through no symbolic link, so that nobody can swap one for a link between a look and what follows.
///
/// Where an operation returns a number it is 0 or `errno`; where it returns nil, `errno` tells why.
package final class OpenFolder: Sendable {
  /// Opened with `O_PATH`: good for everything that is relative to it, without a right to list it.
  package let descriptor: Int32
  /// How it was reached, for messages.
  package let path: FilePath

  private init?(_ descriptor: Int32, _ path: FilePath) {
    guard descriptor >= 0 else { return nil }
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  private static let flags = Int32(SYSTEM_PATH_ONLY) | O_DIRECTORY

  /// Opens a folder of our own, through whatever links lead to it.
  package convenience init?(_ path: FilePath) {
    let place = path.isEmpty ? "." : path
    self.init(unsafe place.withPlatformString { unsafe Glibc.open($0, Self.flags | O_CLOEXEC) }, path)
  }

  /// The folder at a relative path below this one, reached through no link; itself for the empty path.
  package func folder(_ relative: FilePath) -> OpenFolder? {
    if relative.isEmpty { return self }
    let opened = unsafe relative.withPlatformString {
      unsafe system_open_beneath(descriptor, $0, Self.flags)
    }
    return OpenFolder(opened, path.pushing(relative))
  }

  /// Like ``folder(_:)``; what is missing is made, readable by owner and group only, and is, where root makes it, of
  /// whoever the folder that holds it is of: an administrator's command leaves nothing that the daemon can't enter. What
  /// is new is on the disk with its name when this returns.
  package func makingFolder(_ relative: FilePath) -> OpenFolder? {
    if let known = folder(relative) { return known }
    guard errno == ENOENT, let name = relative.lastComponent,
      let parent = makingFolder(relative.removingLastComponent())
    else { return nil }
    let code = unsafe name.withPlatformString {
      unsafe mkdirat(parent.descriptor, $0, 0o750) == 0 ? 0 : errno
    }
    guard code == 0 || code == EEXIST else {
      errno = code
      return nil
    }
    if code == 0 {
      if geteuid() == 0, let above = parent.status {
        _ = unsafe name.withPlatformString {
          unsafe fchownat(parent.descriptor, $0, above.st_uid, above.st_gid, AT_SYMLINK_NOFOLLOW)
        }
      }
      let code = parent.sync()
      guard code == 0 else {
        _ = parent.removeFolder(name)
        errno = code
        return nil
      }
    }
    return parent.folder(FilePath(root: nil, [name]))
  }

  /// A path to this very folder, whatever lies under its name by now; good for as long as this value lives.
  package var heldPath: String { "/proc/self/fd/\(descriptor)" }

  /// Of the folder itself.
  package var status: Glibc.stat? {
    var status = Glibc.stat()
    return unsafe fstat(descriptor, &status) == 0 ? status : nil
  }

  /// What lies under a name here, links not followed.
  package func status(_ name: FilePath.Component) -> Glibc.stat? {
    var status = Glibc.stat()
    let code = unsafe name.withPlatformString {
      unsafe fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW)
    }
    return code == 0 ? status : nil
  }

  /// What lies at a relative path below this folder, reached through no link.
  package func status(at relative: FilePath) -> Glibc.stat? {
    guard let name = relative.lastComponent else { return nil }
    return folder(relative.removingLastComponent())?.status(name)
  }

  /// Opens a file here; -1 also where it is a link. `flags` and `mode` as of open(2).
  package func open(_ name: FilePath.Component, _ flags: Int32, mode: mode_t = 0o640) -> Int32 {
    unsafe name.withPlatformString {
      unsafe openat(descriptor, $0, flags | O_NOFOLLOW | O_CLOEXEC, mode)
    }
  }

  /// Whether this process has the rights in this folder, as access(2) names them.
  package func may(_ rights: Int32) -> Bool { unsafe faccessat(descriptor, ".", rights, 0) == 0 }

  /// Whether this process has the rights to what lies under a name, links not followed.
  package func may(_ rights: Int32, _ name: FilePath.Component) -> Bool {
    unsafe name.withPlatformString { unsafe faccessat(descriptor, $0, rights, AT_SYMLINK_NOFOLLOW) == 0 }
  }

  /// Renames; what lies under the new name is replaced.
  package func rename(
    _ name: FilePath.Component, to folder: OpenFolder, _ newName: FilePath.Component
  ) -> Int32 {
    unsafe name.withPlatformString { name in
      unsafe newName.withPlatformString {
        unsafe renameat(descriptor, name, folder.descriptor, $0) == 0 ? 0 : errno
      }
    }
  }

  /// Gives a file here a second name; `EEXIST` where something lies there.
  package func link(
    _ name: FilePath.Component, to folder: OpenFolder, _ newName: FilePath.Component
  ) -> Int32 {
    unsafe name.withPlatformString { name in
      unsafe newName.withPlatformString {
        unsafe linkat(descriptor, name, folder.descriptor, $0, 0) == 0 ? 0 : errno
      }
    }
  }

  /// Removes a file; that nothing is there is as good.
  package func remove(_ name: FilePath.Component) -> Int32 {
    unsafe name.withPlatformString { unsafe unlinkat(descriptor, $0, 0) == 0 || errno == ENOENT ? 0 : errno }
  }

  /// Removes an empty folder.
  package func removeFolder(_ name: FilePath.Component) -> Int32 {
    unsafe name.withPlatformString { unsafe unlinkat(descriptor, $0, AT_REMOVEDIR) == 0 ? 0 : errno }
  }

  /// Makes the names here durable. File systems that can't (some network mounts), and folders that we may write but
  /// not read, are left to their own.
  package func sync() -> Int32 {
    let listing = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard listing >= 0 else { return errno == EACCES ? 0 : errno }
    defer { close(listing) }
    guard fsync(listing) != 0, ![EINVAL, ENOTSUP].contains(errno) else { return 0 }
    return errno
  }

  /// Every name here but `.` and `..`, as the kernel gives them; nil when it can't be listed.
  package func names() -> [FilePath.Component]? {
    let listing = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard listing >= 0 else { return nil }
    guard let stream = unsafe fdopendir(listing) else {
      close(listing)
      return nil
    }
    defer {
      let code = errno
      unsafe closedir(stream)
      errno = code
    }
    var names: [FilePath.Component] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { return errno == 0 ? names : nil }
      let bytes = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe Array(bytes.prefix { $0 != 0 })
      }
      guard bytes != [UInt8(ascii: ".")], bytes != Array("..".utf8) else { continue }
      if let name = FilePath.Component(bytes: bytes) { names.append(name) }
    }
  }
}
