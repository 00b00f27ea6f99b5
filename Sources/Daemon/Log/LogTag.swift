import Files
import SystemPackage

/// Names an image in the log without telling whose it is.
///
/// File names and UIDs identify patients, so neither is logged at `info` or above. The tag is a hash with a
/// key that changes at every start (Swift's own SipHash): it joins the lines about one file within a run, and
/// can't be reversed by trying names. At `debug` the file's base name stands beside it.
struct LogTag: CustomStringConvertible {
  let description: String

  init(_ path: FilePath) { self.init(path.text) }

  init(_ path: String) {
    var hasher = Hasher()
    hasher.combine(path)
    let digits = String(UInt32(truncatingIfNeeded: hasher.finalize()), radix: 16)
    description = String(repeating: "0", count: 8 - digits.count) + digits
  }
}
