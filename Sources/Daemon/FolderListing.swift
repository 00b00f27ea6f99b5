import Glibc

/// The names in a folder, as the kernel gives them.
enum FolderListing {
  /// Every name but `.` and `..`, with U+FFFD for bytes that aren't UTF-8, so that no entry goes unnoticed;
  /// nil, and `errno`, when the folder can't be read.
  static func names(in path: String) -> [String]? {
    guard let stream = unsafe opendir(path) else { return nil }
    defer {
      let code = errno
      unsafe closedir(stream)
      errno = code
    }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { return errno == 0 ? names : nil }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }
}
