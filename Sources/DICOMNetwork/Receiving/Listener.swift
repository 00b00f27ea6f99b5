internal import Glibc

/// A socket on which peers call.
@safe
public struct Listener: ~Copyable, Sendable {
  /// Handed on to a program that this process becomes.
  public let descriptor: Int32

  /// Binds an address and listens.
  /// - Throws: kind `local`: what the system says.
  public init(_ address: DICOMAddress) throws(NetworkFailure) {
    func fail(_ what: String) -> NetworkFailure {
      NetworkFailure(
        .local, "can't \(what) \(address.host):\(address.port): \(NetworkFailure.text(of: errno))")
    }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_INET
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(address.host, String(address.port), &hints, &found)
    guard code == 0, let place = unsafe found else {
      throw NetworkFailure(
        .local, "can't listen on \(address.host): \(unsafe String(cString: gai_strerror(code)))")
    }
    defer { unsafe freeaddrinfo(place) }
    let descriptor = unsafe socket(place.pointee.ai_family, place.pointee.ai_socktype, 0)
    guard descriptor >= 0 else { throw fail("make a socket for") }
    var on: Int32 = 1
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe bind(descriptor, place.pointee.ai_addr, place.pointee.ai_addrlen) == 0,
      listen(descriptor, 128) == 0
    else {
      let failure = fail("listen on")
      close(descriptor)
      throw failure
    }
    self.descriptor = descriptor
  }

  /// One that an earlier program of this process has opened.
  public init(inherited descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Waits for a call.
  /// - Returns: Its socket and the peer's address; nil where the call is over already, or there is no room for it.
  public func accept() -> (socket: Int32, peer: String)? {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let socket = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe Glibc.accept(descriptor, pointer, &length)
      }
    }
    guard socket >= 0 else {
      // Out of descriptors: some will be free soon.
      if errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS { usleep(100_000) }
      return nil
    }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    var name = [CChar](repeating: 0, count: 64)
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = unsafe getnameinfo(pointer, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
      }
    }
    return (socket, String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// Ends a call without a word.
  public static func hangUp(_ socket: Int32) { close(socket) }
}

extension NetworkFailure {
  /// What the system says of an error number.
  static func text(of code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
