/// A message's command as it came.
struct ReceivedCommand: Sendable, Equatable {
  let context: UInt8
  let command: DIMSECommand
}

/// Messages (PS3.7): a command, and where it says so a data set behind it, in the same presentation context.
extension AssociationHandle {
  mutating func send(
    _ command: DIMSECommand, _ dataSet: ArraySlice<UInt8>? = nil, context: UInt8,
    onProgress: () -> Void = {}
  ) throws(NetworkFailure) {
    try send(command.bytes[...], isCommand: true, context: context)
    if let dataSet { try send(dataSet, isCommand: false, context: context, onProgress: onProgress) }
  }

  /// The next command.
  /// - Parameters:
  ///   - seconds: Until it begins.
  ///   - limit: From then on.
  mutating func nextCommand(
    within seconds: Double, finishedWithin limit: Double
  ) throws(NetworkFailure) -> ReceivedCommand {
    var bytes: [UInt8] = []
    var context: UInt8?
    var begun: ContinuousClock.Instant?
    while true {
      let fault = try unsafe next(within: begun == nil ? seconds : limit) { piece, part -> String?? in
        guard piece.isCommand else { return .some("a data set without a command") }
        guard context == nil || context == piece.context else {
          return .some("a command in two presentation contexts")
        }
        context = piece.context
        unsafe bytes.append(contentsOf: part)
        guard bytes.count <= DIMSECommand.longest else { return .some("a command that has no end") }
        return piece.isLast ? .some(nil) : nil
      }
      guard let fault else {
        // One that comes in pieces of nothing is no command either.
        let start = begun ?? .now
        begun = start
        guard ContinuousClock.now - start < .seconds(limit) else {
          throw NetworkFailure(.timedOut, "a command that takes too long")
        }
        continue
      }
      if let fault { throw NetworkFailure(.protocolError, fault) }
      guard let context, let command = DIMSECommand(bytes) else {
        throw NetworkFailure(.protocolError, "a command that can't be read")
      }
      return ReceivedCommand(context: context, command: command)
    }
  }

  /// The data set behind a command, piece by piece.
  /// - Parameters:
  ///   - seconds: For each piece; the whole must come at a kilobyte a second at least.
  ///   - limit: Bytes; more is a fault of the peer.
  mutating func receiveDataSet(
    context: UInt8, within seconds: Double, limit: Int, _ take: (UnsafeRawBufferPointer) -> Void
  ) throws(NetworkFailure) {
    let begun = ContinuousClock.now
    var count = 0
    while true {
      let end = try unsafe next(within: seconds) { piece, part -> Result<Bool, NetworkFailure> in
        guard !piece.isCommand, piece.context == context else {
          return .failure(NetworkFailure(.protocolError, "a data set that is cut off by a command"))
        }
        count += part.count
        guard count <= limit else {
          return .failure(NetworkFailure(.protocolError, "an object of more than \(limit >> 20) MB"))
        }
        unsafe take(part)
        return .success(piece.isLast)
      }
      switch end {
      case .success(true): return
      case .success(false): break
      case .failure(let failure): throw failure
      }
      let allowed = Duration.seconds(seconds + Double(count) / 1024)
      guard ContinuousClock.now - begun < allowed else {
        throw NetworkFailure(.timedOut, "a data set that comes too slowly")
      }
    }
  }

  /// A data set of the little that is needed beside storage.
  mutating func receiveSmallDataSet(context: UInt8, within seconds: Double) throws(NetworkFailure) -> [UInt8]
  {
    var bytes: [UInt8] = []
    try unsafe receiveDataSet(context: context, within: seconds, limit: 1 << 20) { part in
      unsafe bytes.append(contentsOf: part)
    }
    return bytes
  }
}
