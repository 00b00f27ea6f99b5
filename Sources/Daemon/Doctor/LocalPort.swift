import Glibc

/// Whether somebody listens at an address of this machine.
enum LocalPort {
  enum State: Sendable, Equatable {
    case free, taken
    /// It takes a right that who asks hasn't got: a port below 1024.
    case forbidden
    /// No interface of this machine has the address.
    case elsewhere
  }

  /// Tries to take it for a moment; only what a listener holds can't be had.
  static func state(host: String, port: Int) -> State {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_PASSIVE
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, "\(port)", &hints, &list) == 0, let first = unsafe list else {
      return .elsewhere
    }
    defer { unsafe freeaddrinfo(list) }
    let descriptor = unsafe socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return .free }
    defer { close(descriptor) }
    // As the daemon does: connections that ended a moment ago are in nobody's way.
    var reuse: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    let isDone =
      unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0
      && listen(descriptor, 1) == 0
    return switch isDone ? 0 : errno {
    case EADDRINUSE: .taken
    // Also while somebody who may listens there.
    case EACCES: unsafe isAnswered(first.pointee) ? .taken : .forbidden
    case EADDRNOTAVAIL: .elsewhere
    default: .free
    }
  }

  private static func isAnswered(_ address: addrinfo) -> Bool {
    let descriptor = unsafe socket(address.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return unsafe connect(descriptor, address.ai_addr, address.ai_addrlen) == 0
  }
}
