internal import Glibc

/// The C library's converter between character encodings. Its descriptor never leaves this type.
@safe
final class Iconv {
  private let descriptor: iconv_t

  /// Nil where the C library doesn't have one of them.
  init?(from source: String, to target: String) {
    guard let descriptor = unsafe iconv_open(target, source), Int(bitPattern: descriptor) != -1 else {
      return nil
    }
    unsafe self.descriptor = descriptor
  }

  deinit { unsafe iconv_close(descriptor) }

  /// Nil where `bytes` contain what either encoding doesn't have.
  func convert(_ bytes: [UInt8]) -> [UInt8]? {
    unsafe iconv(descriptor, nil, nil, nil, nil)
    var source = bytes.map { CChar(bitPattern: $0) }
    // No character of DICOM's encodings takes more than four times its bytes.
    var target = [CChar](repeating: 0, count: 4 * bytes.count + 16)
    let capacity = target.count
    var left = source.count
    var room = capacity
    let result = unsafe source.withUnsafeMutableBufferPointer { from in
      unsafe target.withUnsafeMutableBufferPointer { to in
        var (read, written) = (from.baseAddress, to.baseAddress)
        return unsafe iconv(descriptor, &read, &left, &written, &room)
      }
    }
    guard result == 0, left == 0 else { return nil }
    return target[..<(capacity - room)].map { UInt8(bitPattern: $0) }
  }
}
