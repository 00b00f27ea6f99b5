internal import CZip
internal import SystemPackage

/// A zip archive that is open for reading. Its pointers never leave this type.
@safe
struct ZipFile: ~Copyable {
  struct Entry: Sendable {
    let index: UInt64
    let name: String
    /// As it is stated; it may be a lie.
    let size: Int
    let isEncrypted: Bool
    /// A file or a folder; nothing else may be in an archive.
    let isPlain: Bool
    let isFolder: Bool
  }

  private let archive: OpaquePointer
  let count: Int

  init(_ path: FilePath) throws(UnpackingFailure) {
    var code: Int32 = 0
    let opened = unsafe path.withPlatformString { unsafe zip_open($0, ZIP_RDONLY, &code) }
    guard let opened = unsafe opened else { throw Self.failure(code) }
    unsafe archive = opened
    count = unsafe Int(zip_get_num_entries(opened, 0))
  }

  deinit { unsafe zip_discard(archive) }

  func entry(_ index: Int) throws(UnpackingFailure) -> Entry {
    var status = unsafe zip_stat_t()
    let index = UInt64(index)
    guard unsafe zip_stat_index(archive, index, 0, &status) == 0, let name = unsafe status.name else {
      throw UnpackingFailure(.damaged, "an entry can't be looked at")
    }
    let text = unsafe String(cString: name)
    var system: UInt8 = 0
    var attributes: UInt32 = 0
    unsafe zip_file_get_external_attributes(archive, index, 0, &system, &attributes)
    // Of Unix: the mode of the file, in the upper half; 0 where the program that packed it says nothing.
    let kind = UInt32(system) == ZIP_OPSYS_UNIX ? (attributes >> 16) & 0o170_000 : 0
    let isFolder = kind == 0o040_000 || text.hasSuffix("/") || text.hasSuffix("\\")
    return unsafe Entry(
      index: index, name: text, size: Int(clamping: status.size),
      isEncrypted: status.encryption_method != UInt16(ZIP_EM_NONE),
      isPlain: [0, 0o100_000, 0o040_000].contains(kind), isFolder: isFolder)
  }

  /// Reads an entry to its end; its checksum is looked at there.
  /// - Parameter take: Is lent each piece.
  func read(
    _ entry: Entry, _ take: (UnsafeRawBufferPointer) throws(UnpackingFailure) -> Void
  ) throws(UnpackingFailure) {
    guard let file = unsafe zip_fopen_index(archive, entry.index, 0) else {
      throw Self.failure(unsafe zip_error_code_zip(zip_get_error(archive)))
    }
    defer { unsafe _ = zip_fclose(file) }
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe zip_fread(file, $0.baseAddress!, UInt64($0.count))
      }
      guard count >= 0 else {
        throw Self.failure(unsafe zip_error_code_zip(zip_file_get_error(file)))
      }
      guard count > 0 else { return }
      try unsafe chunk.withUnsafeBufferPointer { bytes throws(UnpackingFailure) in
        try unsafe take(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes.prefix(Int(count)))))
      }
    }
  }

  private static func failure(_ code: Int32) -> UnpackingFailure {
    switch code {
    case ZIP_ER_NOPASSWD, ZIP_ER_WRONGPASSWD, ZIP_ER_ENCRNOTSUPP:
      return UnpackingFailure(.encrypted, "is encrypted")
    case ZIP_ER_COMPNOTSUPP: return UnpackingFailure(.damaged, "is compressed by a method that isn't read")
    default:
      var error = unsafe zip_error_t()
      unsafe zip_error_init_with_code(&error, code)
      defer { unsafe zip_error_fini(&error) }
      return UnpackingFailure(.damaged, unsafe String(cString: zip_error_strerror(&error)))
    }
  }
}
