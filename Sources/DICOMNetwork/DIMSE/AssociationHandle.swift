internal import CDCMNet
internal import DICOM

/// An association in the shim; aborted when it goes out of scope without having been ended. Its pointer never leaves this
/// type. Used by one thread at a time.
@safe
struct AssociationHandle: ~Copyable {
  /// A presentation context as it was proposed or agreed on.
  struct Context: Sendable, Equatable {
    let identifier: UInt8
    let sopClass: String
    /// Agreed on: one.
    let transferSyntaxes: [String]
    /// Roles of who asked for the association.
    var isUser = true
    var isProvider = false
  }

  struct Piece {
    let context: UInt8
    let isCommand, isLast: Bool
  }

  private let association: OpaquePointer
  let contexts: [Context]

  private init(_ association: OpaquePointer) {
    unsafe self.association = association
    contexts = unsafe (0..<cdcmnet_association_context_count(association)).map { index in
      let context = unsafe cdcmnet_association_context(association, index)
      let syntaxes = unsafe UnsafeBufferPointer(
        start: context.transfer_syntaxes, count: context.transfer_syntax_count)
      return unsafe Context(
        identifier: context.identifier, sopClass: String(cString: context.sop_class),
        transferSyntaxes: syntaxes.map { unsafe String(cString: $0) }, isUser: context.is_user,
        isProvider: context.is_provider)
    }
  }

  deinit { unsafe cdcmnet_association_destroy(association) }

  // MARK: Begin

  /// Asks for an association.
  static func request(
    _ address: DICOMAddress, _ proposals: [ProposedContext], _ options: AssociationOptions
  ) throws(NetworkFailure) -> AssociationHandle {
    let name = address.usesTLS && options.tls.verification == .full ? address.host : nil
    var status = cdcmnet_status()
    func ask(_ tls: OpaquePointer?) -> OpaquePointer? {
      // Classes, then the transfer syntaxes of each, in one list that outlives the call.
      let texts =
        proposals.map(\.sopClass.string) + proposals.flatMap { $0.transferSyntaxes.map(\.uid.string) }
      return unsafe withLimits(options.connectSeconds, options.answerSeconds) { limits in
        unsafe withCStrings(texts) { texts in
          var next = proposals.count
          let items = unsafe proposals.indices.map { index in
            let count = proposals[index].transferSyntaxes.count
            defer { next += count }
            return unsafe cdcmnet_proposal(
              sop_class: texts[index], transfer_syntaxes: texts.baseAddress! + next,
              transfer_syntax_count: count, as_provider: proposals[index].isProvider)
          }
          return unsafe items.withUnsafeBufferPointer { items -> OpaquePointer? in
            guard let first = items.baseAddress else { return nil }
            func call(_ name: UnsafePointer<CChar>?) -> OpaquePointer? {
              unsafe cdcmnet_association_request(
                address.host, address.port, address.aeTitle, options.callingAETitle, first, items.count, tls,
                name,
                limits, &status)
            }
            guard let name else { return unsafe call(nil) }
            return unsafe name.withCString { unsafe call($0) }
          }
        }
      }
    }
    let made: OpaquePointer?
    if address.usesTLS {
      let tls = try TLSContext(options.tls, isServer: false)
      // The association has what it needs of it for itself.
      unsafe made = unsafe ask(tls.context)
    } else {
      unsafe made = unsafe ask(nil)
    }
    guard let made = unsafe made else { throw NetworkFailure(status) }
    return unsafe AssociationHandle(made)
  }

  /// Reads what a peer asks for on a connection; the socket is closed with it.
  static func receive(
    socket: Int32, tls: borrowing TLSContext?, connectSeconds: Double, stallSeconds: Double
  ) throws(NetworkFailure) -> AssociationHandle {
    var status = cdcmnet_status()
    let made: OpaquePointer?
    switch tls {
    case .some(let tls):
      let context = unsafe tls.context
      unsafe made = unsafe withLimits(connectSeconds, stallSeconds) { limits in
        unsafe cdcmnet_association_receive(socket, context, limits, &status)
      }
    case .none:
      unsafe made = unsafe withLimits(connectSeconds, stallSeconds) { limits in
        unsafe cdcmnet_association_receive(socket, nil, limits, &status)
      }
    }
    guard let made = unsafe made else { throw NetworkFailure(status) }
    return unsafe AssociationHandle(made)
  }

  /// Lends the limits of an association, and what this side says that it is.
  private static func withLimits<Result>(
    _ connectSeconds: Double, _ stallSeconds: Double, _ body: (cdcmnet_limits) -> Result
  ) -> Result {
    unsafe FileMetaInformation.implementationClass.string.withCString { sopClass in
      unsafe FileMetaInformation.implementationVersion.withCString { version in
        unsafe body(
          cdcmnet_limits(
            connect_seconds: connectSeconds, stall_seconds: stallSeconds,
            maximum_pdu: AssociationOptions.maximumPDU, implementation_class: sopClass,
            implementation_version: version))
      }
    }
  }

  // MARK: Negotiation

  /// Titles without padding.
  var called: String { unsafe Self.title(cdcmnet_association_called(association)) }
  var calling: String { unsafe Self.title(cdcmnet_association_calling(association)) }

  private static func title(_ text: UnsafePointer<CChar>) -> String {
    let words = unsafe String(cString: text).split(separator: " ", omittingEmptySubsequences: true)
    return words.joined(separator: " ")
  }

  mutating func accept(
    _ identifier: UInt8, _ transferSyntax: String, requestorProvides: Bool
  ) throws(NetworkFailure) {
    try call { status in
      unsafe cdcmnet_association_accept_context(
        association, identifier, transferSyntax, requestorProvides, &status)
    }
  }

  mutating func refuse(_ identifier: UInt8, knowsClass: Bool) throws(NetworkFailure) {
    try call { status in
      unsafe cdcmnet_association_refuse_context(association, identifier, knowsClass, &status)
    }
  }

  mutating func acknowledge() throws(NetworkFailure) {
    try call { status in unsafe cdcmnet_association_acknowledge(association, &status) }
  }

  mutating func reject(result: UInt8, source: UInt8, diagnostic: UInt8) throws(NetworkFailure) {
    try call { status in
      unsafe cdcmnet_association_reject(association, result, source, diagnostic, &status)
    }
  }

  // MARK: Pieces

  /// Waits for the next piece of a message.
  /// - Parameter body: Is lent its bytes.
  mutating func next<Result>(
    within seconds: Double, _ body: (Piece, UnsafeRawBufferPointer) -> Result
  ) throws(NetworkFailure) -> Result {
    var piece = unsafe cdcmnet_piece()
    var status = cdcmnet_status()
    guard unsafe cdcmnet_association_read(association, seconds, &piece, &status) else {
      throw NetworkFailure(status)
    }
    return unsafe body(
      Piece(context: piece.context, isCommand: piece.is_command, isLast: piece.is_last),
      UnsafeRawBufferPointer(start: piece.bytes, count: piece.length))
  }

  /// Sends a whole command or data set.
  /// - Parameter onProgress: Is told of each piece that is gone, however slowly they go.
  mutating func send(
    _ bytes: ArraySlice<UInt8>, isCommand: Bool, context: UInt8, onProgress: () -> Void = {}
  ) throws(NetworkFailure) {
    var rest = bytes
    repeat {
      var count = 0
      try call { status in
        unsafe count = rest.withUnsafeBufferPointer { rest in
          unsafe cdcmnet_association_write(
            association, context, isCommand, rest.baseAddress, rest.count, &status)
        }
      }
      rest = rest.dropFirst(count)
      onProgress()
    } while !rest.isEmpty
  }

  // MARK: End

  consuming func release() { unsafe cdcmnet_association_release(association) }

  consuming func acknowledgeRelease() { unsafe cdcmnet_association_acknowledge_release(association) }

  private func call(_ body: (inout cdcmnet_status) -> Void) throws(NetworkFailure) {
    var status = cdcmnet_status()
    body(&status)
    guard status.reason == CDCMNET_OK else { throw NetworkFailure(status) }
  }
}
