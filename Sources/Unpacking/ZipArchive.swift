import Files
import Glibc
package import SystemPackage

/// Zip archives of studies. Who calls this is shut in: what an archive holds is a stranger's.
package enum ZipArchive {
  /// Whether a file is one, by its first bytes. DICOM files may begin with anything, and say so behind that.
  package static func isOne(at path: FilePath) -> Bool {
    let descriptor = unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var head = [UInt8](repeating: 0, count: 132)
    let count = unsafe head.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count >= 22, head[0] == UInt8(ascii: "P"), head[1] == UInt8(ascii: "K") else { return false }
    // A file, or none at all.
    guard head[2...3].elementsEqual([3, 4]) || head[2...3].elementsEqual([5, 6]) else { return false }
    return !head[128..<132].elementsEqual("DICM".utf8)
  }

  /// Writes all files of an archive below a folder that is there, and is empty; those of archives within it as well.
  ///
  /// All or nothing: what was written when it throws is for the caller to remove.
  /// - Parameter deadline: when it throws at the latest.
  package static func unpack(
    _ path: FilePath, into folder: FilePath, limits: UnpackingLimits = UnpackingLimits(),
    until deadline: UnpackingDeadline? = nil
  ) throws(UnpackingFailure) {
    var unpacking = Unpacking(
      limits: limits, deadline: deadline ?? UnpackingDeadline(limits),
      archiveBytes: path.status(followingLink: true).map { Int($0.st_size) } ?? 0)
    try unpacking.take(path, into: folder, depth: 1)
    guard unpacking.files > 0 else { throw UnpackingFailure(.empty, "holds no file") }
  }

  private struct Unpacking {
    let limits: UnpackingLimits
    let deadline: UnpackingDeadline
    let archiveBytes: Int
    private(set) var files = 0
    private var entries = 0
    private var bytes = 0

    init(limits: UnpackingLimits, deadline: UnpackingDeadline, archiveBytes: Int) {
      (self.limits, self.deadline, self.archiveBytes) = (limits, deadline, archiveBytes)
    }

    mutating func take(_ path: FilePath, into folder: FilePath, depth: Int) throws(UnpackingFailure) {
      guard depth <= limits.nesting else {
        throw UnpackingFailure(.tooDeep, "holds more than \(limits.nesting) archives in one another")
      }
      let zip = try ZipFile(path)
      entries += zip.count
      guard entries <= limits.entries else {
        throw UnpackingFailure(.tooLarge, "holds more than \(limits.entries) files")
      }
      try look(zip, folder)
      for index in 0..<zip.count {
        try deadline.check()
        let entry = try zip.entry(index)
        guard let name = try EntryName.path(entry.name, limits: limits) else { continue }
        let place = folder.pushing(name)
        if entry.isFolder {
          try make(place, below: folder)
        } else {
          try write(entry, of: zip, to: place, folder, depth)
        }
      }
    }

    /// All that can be known before a byte is written.
    private func look(_ zip: borrowing ZipFile, _ folder: FilePath) throws(UnpackingFailure) {
      var stated = 0
      for index in 0..<zip.count {
        let entry = try zip.entry(index)
        guard !entry.isEncrypted else { throw UnpackingFailure(.encrypted, "is encrypted") }
        guard entry.isPlain else {
          throw UnpackingFailure(.unsafe, "holds a link, or something else that is no file")
        }
        _ = try EntryName.path(entry.name, limits: limits)
        stated = min(stated + entry.size, .max / 2)
      }
      try check(bytes + stated)
      if let room = FreeSpace.bytes(at: folder, below: limits.fullest), room - limits.reserve < stated {
        throw UnpackingFailure(.noRoom, "holds more than there is room for")
      }
    }

    private func check(_ bytes: Int) throws(UnpackingFailure) {
      guard bytes <= limits.bytes else {
        throw UnpackingFailure(.tooLarge, "holds more than \(limits.bytes >> 20) MB")
      }
      guard bytes <= limits.plain || bytes / limits.ratio <= archiveBytes else {
        throw UnpackingFailure(.tooLarge, "holds more than \(limits.ratio) times its own size")
      }
    }

    private mutating func write(
      _ entry: ZipFile.Entry, of zip: borrowing ZipFile, to place: FilePath, _ folder: FilePath, _ depth: Int
    ) throws(UnpackingFailure) {
      try make(place.removingLastComponent(), below: folder)
      let (file, name) = try create(place)
      do {
        defer { close(file) }
        var rest = self
        try unsafe zip.read(entry) { piece throws(UnpackingFailure) in
          rest.bytes += piece.count
          try rest.check(rest.bytes)
          try rest.deadline.check()
          try unsafe Self.append(piece, to: file)
        }
        bytes = rest.bytes
      }
      guard ZipArchive.isOne(at: name), let archive = name.lastComponent else {
        files += 1
        return
      }
      let inner = name.removingLastComponent().appending(EntryName.folder(of: archive))
      try make(inner, below: folder)
      try take(name, into: inner, depth: depth + 1)
      unsafe name.withPlatformString { _ = unsafe unlink($0) }
    }

    /// A file that wasn't there: of two entries of one name the second gets a number.
    private func create(_ place: FilePath) throws(UnpackingFailure) -> (Int32, FilePath) {
      for number in 1...limits.entries {
        let name = EntryName.numbered(place, number)
        let file = unsafe name.withPlatformString {
          unsafe open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o660)
        }
        if file >= 0 { return (file, name) }
        guard errno == EEXIST else { throw Self.failure(errno) }
      }
      throw UnpackingFailure(.damaged, "holds too many files of one name")
    }

    private func make(_ path: FilePath, below folder: FilePath) throws(UnpackingFailure) {
      var place = folder
      for component in path.components.dropFirst(folder.components.count) {
        place.append(component)
        let code = unsafe place.withPlatformString { unsafe mkdir($0, 0o770) }
        guard code == 0 || errno == EEXIST else { throw Self.failure(errno) }
      }
    }

    private static func append(_ piece: UnsafeRawBufferPointer, to file: Int32) throws(UnpackingFailure) {
      var rest = unsafe piece[...]
      while unsafe !rest.isEmpty {
        let count = unsafe Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw failure(errno) }
        unsafe rest = rest.dropFirst(count)
      }
    }

    private static func failure(_ code: Int32) -> UnpackingFailure {
      switch code {
      case ENOSPC, EDQUOT: UnpackingFailure(.noRoom, "holds more than there is room for")
      case EFBIG: UnpackingFailure(.tooLarge, "holds a file that is larger than a file may be")
      case ENOTDIR, EISDIR, ENAMETOOLONG:
        UnpackingFailure(.unsafe, "holds a file and a folder of one name, or a name that is too long")
      default: UnpackingFailure(.damaged, "can't be written out: \(unsafe String(cString: strerror(code)))")
      }
    }
  }
}
