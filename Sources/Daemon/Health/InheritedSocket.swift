import Glibc

/// A socket that listens already and was handed over at the start: systemd's socket units (sd_listen_fds(3)). The service
/// itself then needs no right to open one, nor the host's network.
struct InheritedSocket {
  let descriptor: Int32
  /// Whether nobody on another machine can reach it.
  let isLoopback: Bool

  private static let firstDescriptor: Int32 = 3

  /// The one that is called so (FileDescriptorName= of the unit); nil where there is none.
  init?(named name: String, _ environment: [String: String], process: Int32 = getpid()) {
    guard environment["LISTEN_PID"] == "\(process)",
      let count = environment["LISTEN_FDS"].flatMap(Int32.init),
      let index = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false)
        .firstIndex(of: Substring(name)), index < count
    else { return nil }
    self.init(Self.firstDescriptor + Int32(index))
  }

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    // Those that are started from here have no use for it.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    let family = Int32(address.ss_family)
    let bytes = unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
    isLoopback =
      switch family {
      case _ where status != 0: false
      case AF_UNIX: true
      // The address stands behind family and port (and, of IPv6, the flow).
      case AF_INET: bytes[4] == 127
      case AF_INET6: bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
      default: false
      }
  }
}
