/// What a receiver says of an HL7 message (chapter 2.9). Pure.
package struct Acknowledgement: Sendable, Equatable {
  /// MSA-1: AA, AE, AR, or CA, CE, CR where it commits itself only to have it.
  package let code: String
  /// MSA-2: of the message that it speaks of.
  package let controlID: String
  /// The first error's code (ERR-3, table 0357), or nil.
  package let error: Int?
  /// MSA-3, or the first error's text.
  package let words: String

  /// - Parameter message: without MLLP's frame.
  /// - Returns: nil where it is no acknowledgement.
  package init?(_ message: [UInt8]) {
    let text = String(decoding: message, as: UTF8.self)
    let segments = text.split(whereSeparator: { $0 == "\r" || $0 == "\n" || $0 == "\r\n" })
    guard let header = segments.first, header.hasPrefix("MSH"), let separator = header.dropFirst(3).first
    else { return nil }
    let fields = segments.map {
      $0.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
    guard let answer = fields.first(where: { $0.first == "MSA" }), answer.count > 2 else { return nil }
    code = answer[1]
    controlID = answer[2]
    let complaint = fields.first { $0.first == "ERR" }
    func field(_ index: Int) -> String { complaint.map { $0.count > index ? $0[index] : "" } ?? "" }
    // ERR-3 holds code and text as components; versions before 2.5 have them behind a place in ERR-1.
    let parts = (field(3).isEmpty ? field(1) : field(3)).split { $0 == "^" || $0 == "&" }
    error = parts.lazy.compactMap { Int($0) }.first { (100...299).contains($0) }
    words =
      [answer.count > 3 ? answer[3] : "", field(8), parts.last.map(String.init) ?? ""].first { !$0.isEmpty }
      ?? ""
  }

  /// Whether it takes the message.
  package var isAccepted: Bool { code == "AA" || code == "CA" }

  /// What follows for the message.
  package var answer: PeerAnswer {
    let code = code.utf8.count <= 2 ? code : "?"
    let said = PeerText.cleaned(
      // What it says in words may name a patient: behind the colon, where logs don't go.
      [error.map { "\(code) \($0)" } ?? code, words].filter { !$0.isEmpty }.joined(separator: ": "),
      limit: 200)
    return switch (code, error) {
    case ("AA", _), ("CA", _): .taken(said)
    // A record that is locked, or an error within the receiver.
    case (_, 206?), (_, 207?): .refusedForNow(said)
    // A message that it can't take: type, event, processing ID, version; a segment, field, type or value.
    case (_, .some): .refusedForGood(said)
    case ("AR", nil), ("CR", nil): .refusedForNow(said)
    case ("AE", nil), ("CE", nil): .refusedForGood(said)
    default: .refusedForNow(said)
    }
  }
}

/// MLLP, release 1: a message between a vertical tab and a file separator with a carriage return.
package enum MLLPFrame {
  package static let start: UInt8 = 0x0B
  package static let end: [UInt8] = [0x1C, 0x0D]

  package static func framed(_ message: [UInt8]) -> [UInt8] { [start] + message + end }

  /// Takes the first whole message out of what came; what precedes a frame is no part of one.
  package static func next(_ bytes: inout [UInt8]) -> [UInt8]? {
    guard let first = bytes.firstIndex(of: start) else { return nil }
    var index = first + 1
    while index < bytes.count {
      if bytes[index] == end[0] {
        let message = Array(bytes[(first + 1)..<index])
        // The carriage return may be on its way, and some never send it.
        let isFull = index + 1 < bytes.count && bytes[index + 1] == end[1]
        bytes.removeFirst(index + (isFull ? 2 : 1))
        return message
      }
      index += 1
    }
    return nil
  }
}
