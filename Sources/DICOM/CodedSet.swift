/// A coded character set that an escape sequence designates to G0 (bytes below 128) or G1 (above): PS3.3 section
/// C.12.1.1.2. DCMTK asks for encodings by names that the GNU C library doesn't have for Japanese.
struct CodedSet: Sendable {
  /// Number of the defined term.
  let term: String
  /// What follows ESC.
  let escape: String
  let isG1: Bool
  /// Bytes of a character.
  let width: Int
  /// The C library's name; nil for ASCII.
  let encoding: String?
  /// Before each character in that encoding.
  let prefix: [UInt8]

  private init(
    _ term: String, _ escape: String, _ encoding: String?, isG1: Bool = true, width: Int = 1,
    prefix: [UInt8] = []
  ) {
    self.term = term
    self.escape = escape
    self.encoding = encoding
    self.isG1 = isG1
    self.width = width
    self.prefix = prefix
  }

  static let ascii = CodedSet("6", "(B", nil, isG1: false)

  static let all = [
    ascii,
    // The yen sign and the overline of JIS X 0201 are taken for the backslash and the tilde, as everybody does.
    CodedSet("13", "(J", nil, isG1: false),
    CodedSet("13", ")I", "EUC-JP", prefix: [0x8E]),
    CodedSet("87", "$B", "EUC-JP", isG1: false, width: 2),
    CodedSet("159", "$(D", "EUC-JP", isG1: false, width: 2, prefix: [0x8F]),
    CodedSet("149", "$)C", "EUC-KR", width: 2),
    CodedSet("58", "$)A", "EUC-CN", width: 2),
    CodedSet("100", "-A", "ISO-8859-1"), CodedSet("101", "-B", "ISO-8859-2"),
    CodedSet("109", "-C", "ISO-8859-3"), CodedSet("110", "-D", "ISO-8859-4"),
    CodedSet("126", "-F", "ISO-8859-7"), CodedSet("127", "-G", "ISO-8859-6"),
    CodedSet("138", "-H", "ISO-8859-8"), CodedSet("144", "-L", "ISO-8859-5"),
    CodedSet("148", "-M", "ISO-8859-9"), CodedSet("166", "-T", "TIS-620"),
    CodedSet("203", "-b", "ISO-8859-15"),
  ]
}
