internal import CDCMNet

/// TLS as the shim has it, for one association or many; freed when it goes out of scope.
@safe
public struct TLSContext: ~Copyable, @unchecked Sendable {
  // Invariant: made once, and only read by the associations that use it, as OpenSSL allows for its contexts.
  let context: OpaquePointer

  /// - Throws: kind `local` where a file can't be used, and says which.
  public init(_ settings: TLSSettings, isServer: Bool) throws(NetworkFailure) {
    var status = cdcmnet_status()
    let verifies = settings.verification != .none
    let made = unsafe withCStrings(settings.authorities) { authorities -> OpaquePointer? in
      func make(_ certificate: UnsafePointer<CChar>?, _ key: UnsafePointer<CChar>?) -> OpaquePointer? {
        unsafe cdcmnet_tls_create(
          isServer, certificate, key, authorities.baseAddress, authorities.count, verifies, &status)
      }
      return unsafe withCString(settings.certificate) { certificate in
        unsafe withCString(settings.key) { unsafe make(certificate, $0) }
      }
    }
    guard let made = unsafe made else { throw NetworkFailure(status) }
    // Behind the files: which of them can't be used is told first.
    guard !isServer || !verifies || !settings.authorities.isEmpty else {
      unsafe cdcmnet_tls_destroy(made)
      throw NetworkFailure(
        .local, "a server without authorities would let in whomever any of the public ones vouches for")
    }
    unsafe context = made
  }

  deinit { unsafe cdcmnet_tls_destroy(context) }
}

/// Lends a text's bytes, or null.
private func withCString<Result>(
  _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let text else { return body(nil) }
  return unsafe text.withCString { unsafe body($0) }
}

/// Lends the bytes of several texts.
func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>>) -> Result
) -> Result {
  let lengths = texts.map { $0.utf8.count + 1 }
  var bytes: [CChar] = []
  bytes.reserveCapacity(lengths.reduce(0, +))
  for text in texts { bytes += text.utf8.map { CChar(bitPattern: $0) } + [0] }
  return unsafe bytes.withUnsafeBufferPointer { bytes in
    var pointers: [UnsafePointer<CChar>] = unsafe []
    var offset = 0
    for length in lengths {
      if let start = bytes.baseAddress { unsafe pointers.append(start + offset) }
      offset += length
    }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
  }
}
