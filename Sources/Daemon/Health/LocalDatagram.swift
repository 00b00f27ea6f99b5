import Glibc

/// A local socket that takes datagrams, such as systemd and the journal have.
package struct LocalDatagram: Sendable {
  private let address: [UInt8]

  /// - Parameter path: a path, or a name that begins with `@`, one of Linux's abstract ones. Nil for anything else.
  package init?(_ path: String) {
    guard path.hasPrefix("/") || path.hasPrefix("@") else { return nil }
    var address = Array(path.utf8)
    if address[0] == UInt8(ascii: "@") { address[0] = 0 }
    guard address.count < MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size else { return nil }
    self.address = address
  }

  /// False where it is full or gone; nobody waits.
  package func send(_ bytes: [UInt8]) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: address) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
    let sent = unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe sendto(
          descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), pointer, length)
      }
    }
    return sent == bytes.count
  }
}
