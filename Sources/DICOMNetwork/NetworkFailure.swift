internal import CDCMNet

/// Why something didn't get to a peer, or from it. Names no patient.
public struct NetworkFailure: Error, Sendable, Equatable, Codable, CustomStringConvertible {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// No such host, nobody listens, no way there.
    case unreachable
    /// No agreement about TLS, or a certificate that isn't trusted.
    case tls
    /// The peer rejects associations just now.
    case rejectedForNow = "rejected_for_now"
    /// It rejects this one: it doesn't know the caller, or isn't the one that was called.
    case rejectedForGood = "rejected_for_good"
    /// It takes no objects of this class, or in no transfer syntax that the object can have.
    case noContext = "no_context"
    /// The object can't be brought into a transfer syntax that it takes.
    case cannotEncode = "cannot_encode"
    /// The object's file can't be read, or isn't what it was.
    case unreadable
    case timedOut = "timed_out"
    /// The peer sent A-ABORT.
    case aborted
    /// The connection is gone without a word.
    case closed
    /// The peer ends the association in order.
    case released
    /// What the peer says makes no sense.
    case protocolError = "protocol_error"
    /// It is this side's own fault: settings, memory.
    case local
  }

  public let kind: Kind
  public let detail: String
  /// DCMTK's condition code; nil where it doesn't apply.
  public let toolkitCode: Int?

  public init(_ kind: Kind, _ detail: String, toolkitCode: Int? = nil) {
    self.kind = kind
    self.detail = detail
    self.toolkitCode = toolkitCode
  }

  /// Whether the same thing, tried later, may succeed without anybody's doing.
  public var isRetryable: Bool {
    switch kind {
    case .rejectedForGood, .noContext, .cannotEncode, .unreadable: false
    case .unreachable, .tls, .rejectedForNow, .timedOut, .aborted, .closed, .released, .protocolError,
      .local:
      true
    }
  }

  /// Whether it concerns one object alone: the association goes on with the next.
  public var isOfObject: Bool {
    switch kind {
    case .noContext, .cannotEncode, .unreadable: true
    default: false
    }
  }

  public var description: String { detail }
}

extension NetworkFailure {
  init(_ status: cdcmnet_status) {
    let kind: Kind =
      switch status.reason {
      case CDCMNET_UNREACHABLE: .unreachable
      case CDCMNET_TLS: .tls
      case CDCMNET_REJECTED: status.result == 2 ? .rejectedForNow : .rejectedForGood
      case CDCMNET_TIMED_OUT: .timedOut
      case CDCMNET_ABORTED: .aborted
      case CDCMNET_CLOSED: .closed
      case CDCMNET_RELEASED: .released
      case CDCMNET_PROTOCOL: .protocolError
      default: .local
      }
    let message = unsafe withUnsafeBytes(of: status.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    self.init(
      kind,
      status.reason == CDCMNET_REJECTED
        ? Self.rejection(status.source, status.diagnostic) : PeerText.cleaned(message, limit: 200),
      toolkitCode: status.toolkit_code == 0 ? nil : Int(status.toolkit_code))
  }

  /// PS3.8 section 9.3.4.
  static func rejection(_ source: UInt8, _ diagnostic: UInt8) -> String {
    let why =
      switch (source, diagnostic) {
      case (1, 2): "it doesn't know the application context"
      case (1, 3): "it doesn't know the calling AE title"
      case (1, 7): "it isn't called by this AE title"
      case (2, 2): "it doesn't know this version of the protocol"
      case (3, 1): "it is congested"
      case (3, 2): "it has as many associations as it takes"
      default: "it gives no reason"
      }
    return "the peer rejects the association: \(why)"
  }
}
