import Files
import Glibc
import SystemPackage

/// What the kernel says about the folders that are watched.
enum InotifyEvent: Equatable {
  /// A file in `folder` was closed after writing.
  case closed(folder: FilePath, name: FilePath.Component)
  /// A file or folder was renamed into `folder`.
  case renamedIn(folder: FilePath, name: FilePath.Component, isFolder: Bool)
  /// A folder (or a hard link to a file) was created in `folder`.
  case created(folder: FilePath, name: FilePath.Component, isFolder: Bool)
  /// A file or folder was renamed out of `folder`.
  case movedAway(folder: FilePath, name: FilePath.Component, isFolder: Bool)
  /// A file or folder in `folder` was removed. A folder's watch ends by itself.
  case deleted(folder: FilePath, name: FilePath.Component)
  /// Events were lost, or a watch ended: only a scan can tell what is there.
  case overflow
}

/// Events of the kernel for a tree of folders (inotify(7)). Reads never block; the owner polls.
struct InotifyReader: ~Copyable {
  private let descriptor: Int32
  private var folders = WatchedFolders()
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// Nil when the kernel gives no more inotify instances; periodic scans must do then.
  init?() {
    descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Watches a folder under the name by which events shall call it. Watching it again is harmless.
  /// - Returns: false when the kernel refuses (too many watches).
  mutating func watch(_ folder: FilePath, at opened: OpenFolder) -> Bool {
    let mask = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)
    let flags = UInt32(IN_ONLYDIR | IN_EXCL_UNLINK)
    // The very folder that is open, whatever lies under its name by now.
    let watch = unsafe inotify_add_watch(descriptor, opened.heldPath, mask | flags)
    guard watch >= 0 else { return false }
    folders.add(folder, watch)
    return true
  }

  /// Stops watching a folder that was moved away, and those under it: the kernel would go on reporting them
  /// under names that are no longer true.
  mutating func unwatch(_ folder: FilePath) {
    for watch in folders.removeAll(under: folder) { inotify_rm_watch(descriptor, watch) }
  }

  /// Waits until there are events.
  func await(atMost limit: Duration) {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&request, 1, Int32(limit / .milliseconds(1)))
  }

  /// The events since the last call.
  mutating func events() -> [InotifyEvent] {
    var events: [InotifyEvent] = []
    while true {
      let capacity = buffer.count
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, capacity) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return events }
      let filled = buffer[..<count]
      events += Self.records(filled).compactMap { event(for: $0) }
    }
  }

  struct Record: Equatable {
    let watch: Int32
    let mask: UInt32
    /// Nil when the event is about the watched folder itself.
    let name: FilePath.Component?
  }

  /// Splits what the kernel wrote: 16 bytes of watch, mask, cookie and length, then a name padded by zeros.
  static func records(_ bytes: ArraySlice<UInt8>) -> [Record] {
    var records: [Record] = []
    var rest = bytes
    while rest.count >= 16 {
      let header = Array(rest.prefix(16))
      let length = Int(word(header, 12))
      let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
      records.append(
        Record(
          watch: Int32(bitPattern: word(header, 0)), mask: word(header, 4),
          name: FilePath.Component(bytes: name)))
      rest = rest.dropFirst(16 + length)
    }
    return records
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
  }

  private mutating func event(for record: Record) -> InotifyEvent? {
    func has(_ bit: Int) -> Bool { record.mask & UInt32(truncatingIfNeeded: bit) != 0 }
    if has(Int(IN_Q_OVERFLOW)) || has(Int(IN_UNMOUNT)) { return .overflow }
    if has(Int(IN_IGNORED)) {
      folders.remove(record.watch)
      return nil
    }
    guard let folder = folders[record.watch], let name = record.name else { return nil }
    let isFolder = has(Int(IN_ISDIR))
    if has(Int(IN_CLOSE_WRITE)) { return .closed(folder: folder, name: name) }
    if has(Int(IN_MOVED_TO)) {
      return .renamedIn(folder: folder, name: name, isFolder: isFolder)
    }
    if has(Int(IN_CREATE)) { return .created(folder: folder, name: name, isFolder: isFolder) }
    if has(Int(IN_MOVED_FROM)) { return .movedAway(folder: folder, name: name, isFolder: isFolder) }
    if has(Int(IN_DELETE)) { return .deleted(folder: folder, name: name) }
    return nil
  }
}
