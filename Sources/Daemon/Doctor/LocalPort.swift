import Glibc
import StatusPage

/// Whether somebody listens at an address of this machine.
enum LocalPort {
  /// Tries to take it for a moment; only what a listener holds can't be had.
  static func isTaken(_ address: HTTPAddress) -> Bool {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_PASSIVE
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(address.host, "\(address.port)", &hints, &list) == 0, let first = unsafe list
    else {
      return false
    }
    defer { unsafe freeaddrinfo(list) }
    let descriptor = unsafe socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // As the daemon does: connections that ended a moment ago are in nobody's way.
    var reuse: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 else {
      return errno == EADDRINUSE
    }
    return listen(descriptor, 1) != 0 && errno == EADDRINUSE
  }
}
