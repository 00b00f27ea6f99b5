import CSystemCalls
import Glibc
package import SystemPackage

/// A pipe whose ends no process inherits that isn't given one. It is for whoever made it to close them.
package struct UninheritedPipe: Sendable {
  package let reading: FileDescriptor
  package let writing: FileDescriptor

  /// - Throws: where there are no more descriptors.
  package init() throws(Errno) {
    var ends: (Int32, Int32) = (-1, -1)
    let code = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe system_open_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard code == 0 else { throw Errno(rawValue: errno) }
    (reading, writing) = (FileDescriptor(rawValue: ends.0), FileDescriptor(rawValue: ends.1))
  }
}
