/// The Store Instances Response Module (PS3.18 10.5.3, PS3.3 C.14): what an origin server says of each instance.
package struct StoreInstancesResponse: Sendable, Hashable {
  /// Stored, by SOP Instance UID, with the Warning Reason (0008,1196) where there is one.
  package var stored: [String: UInt16?] = [:]
  /// Not stored, by SOP Instance UID, with the Failure Reason (0008,1197); nil where none is given.
  package var failed: [String: UInt16?] = [:]

  /// Items that say of no instance that it failed.
  package private(set) var unnamedFailures = 0

  package init() {}

  /// Whether it says nothing of any instance.
  package var isEmpty: Bool { stored.isEmpty && failed.isEmpty && unnamedFailures == 0 }

  /// An item of Referenced SOP Sequence (0008,1199).
  mutating func addStored(_ uid: String, warning: UInt16?) {
    if !uid.isEmpty { stored[uid] = .some(warning) }
  }

  /// An item of Failed SOP Sequence (0008,1198).
  mutating func addFailed(_ uid: String, reason: UInt16?) {
    if uid.isEmpty { unnamedFailures += 1 } else { failed[uid] = .some(reason) }
  }

  /// The body of an answer; nil where it is neither of the two. A server may answer in XML although JSON was asked for.
  package init?(body: [UInt8], contentType: String) {
    let kind = contentType.lowercased()
    let begin = body.first { !" \t\r\n".utf8.contains($0) }
    if kind.contains("json") || begin == UInt8(ascii: "{") || begin == UInt8(ascii: "[") {
      self.init(json: body)
    } else if kind.contains("xml") || begin == UInt8(ascii: "<") {
      self.init(xml: body)
    } else {
      return nil
    }
  }
}

/// The data elements that are looked for.
enum StoreInstancesTag {
  static let referencedSOPSequence = "00081199"
  static let failedSOPSequence = "00081198"
  static let referencedSOPInstanceUID = "00081155"
  static let warningReason = "00081196"
  static let failureReason = "00081197"
}
