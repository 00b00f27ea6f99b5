package import FoundationEssentials
import Glibc
package import SystemPackage

/// A file whose name is bytes, under a name that is text: what takes a URL can't be told a path that isn't UTF-8, but
/// an open file has a second name in `/proc`, which is good for as long as this value lives.
package struct OpenedFile: ~Copyable {
  /// The file's own path where it is text; its name in `/proc` otherwise.
  package let url: URL
  /// -1 where none was needed, or the file can't be opened.
  private let descriptor: Int32

  package init(_ path: FilePath) {
    let text = String(validating: path)
    descriptor =
      text == nil ? unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC) } : -1
    // What can't be opened under its own name can't be opened under the replaced one either.
    url = URL(filePath: descriptor >= 0 ? "/proc/self/fd/\(descriptor)" : text ?? path.text)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
