import Files
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage

/// Sends HL7 messages, one after the other on one connection, each when the one before was acknowledged.
package actor MLLPSender: ObjectSender {
  private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  private let endpoint: MLLPEndpoint
  private let tls: NIOSSLContext?
  /// Bytes of an acknowledgement that are read.
  private static let longestAnswer = 64 << 10

  /// - Throws: ``PeerTrouble`` when certificates can't be used.
  package init(_ endpoint: MLLPEndpoint) throws {
    self.endpoint = endpoint
    tls = endpoint.usesTLS ? try NIOSSLContext(configuration: endpoint.tls.clientConfiguration()) : nil
  }

  package func close() async {}

  package func askCommitment(_ transactionUID: String, of objects: [SentObject]) async -> CommitmentNews {
    .refused("an acknowledgement is all that HL7 has", isForGood: true)
  }

  package func send(
    _ objects: [SentObject], tell: @escaping @Sendable (SendingNews) -> Void,
    isStopping: @escaping @Sendable () -> Bool
  ) async -> PeerTrouble? {
    do {
      let connection = try await connected()
      return try await connection.executeThenClose { inbound, outbound in
        var answers = Answers(inbound.makeAsyncIterator())
        for object in objects where !isStopping() {
          guard let content = await Self.content(of: object), let id = Self.controlID(content) else {
            tell(.answered(id: object.id, .refusedForGood(SentObject.gone)))
            continue
          }
          try await outbound.write(ByteBuffer(bytes: MLLPFrame.framed(content)))
          let channel = connection.channel
          // Who acknowledges nothing in time is hung up on, which ends the waiting.
          let limit = channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(endpoint.answerSeconds * 1e9))) {
            channel.close(promise: nil)
          }
          let answer: Result<[UInt8]?, any Error>
          do { answer = .success(try await answers.next()) } catch { answer = .failure(error) }
          guard await Self.isInTime(limit) else {
            throw PeerTrouble.cut("no acknowledgement within the time limit", by: object, isLate: true)
          }
          guard let message = try answer.get() else {
            throw PeerTrouble.cut("it closed the connection without an acknowledgement", by: object)
          }
          // One message is on its way at a time: a refusal that names none is of it.
          guard let acknowledgement = Acknowledgement(message),
            acknowledgement.controlID == id
              || (acknowledgement.controlID.isEmpty && !acknowledgement.isAccepted)
          else {
            throw PeerTrouble.cut("its answer is no acknowledgement of what was sent", by: object)
          }
          tell(.answered(id: object.id, acknowledgement.answer))
        }
        return nil
      }
    } catch let error as PeerTrouble { return error } catch { return PeerTrouble(sending: error) }
  }

  /// Ends the time limit, unless it was over.
  private static func isInTime(_ limit: Scheduled<Void>) async -> Bool {
    limit.cancel()
    do {
      try await limit.futureResult.get()
      return false
    } catch { return true }
  }

  private func connected() async throws -> Connection {
    let (tls, host) = (tls, endpoint.host)
    return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(.nanoseconds(Int64(endpoint.connectSeconds * 1e9)))
      .connect(host: host, port: endpoint.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            // An address isn't a server's name (RFC 6066).
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            try channel.pipeline.syncOperations.addHandler(
              try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : host))
          }
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// What lies there must be what was written.
  private static func content(of object: SentObject) async -> [UInt8]? {
    try? await NIOThreadPool.singleton.runIfActive { SentMessage.content(of: object) }
  }

  /// MSH-10.
  private static func controlID(_ message: [UInt8]) -> String? {
    let fields = message.prefix { $0 != 0x0D }.split(
      separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
    return fields.count > 9 ? String(decoding: fields[9], as: UTF8.self) : nil
  }

  private struct Answers {
    private var parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var bytes: [UInt8] = []

    init(_ parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) { self.parts = parts }

    /// Nil when the peer hangs up.
    mutating func next() async throws -> [UInt8]? {
      while true {
        if let message = MLLPFrame.next(&bytes) { return message }
        guard bytes.count <= longestAnswer else {
          throw PeerTrouble("its answer is longer than an acknowledgement may be")
        }
        guard let part = try await parts.next() else { return nil }
        bytes += Array(part.readableBytesView)
      }
    }
  }
}

extension PeerTrouble {
  /// With a message on its way, which may be what it can't bear.
  fileprivate static func cut(_ words: String, by object: SentObject, isLate: Bool = false) -> PeerTrouble {
    var trouble = PeerTrouble(words)
    (trouble.isCut, trouble.isLate, trouble.onTheirWay) = (true, isLate, [object.id])
    return trouble
  }
}

/// A message that lies in a file.
enum SentMessage {
  /// Messages are short.
  private static let longest = 4 << 20

  /// Nil where the file holds other bytes than were written; blocks.
  static func content(of object: SentObject) -> [UInt8]? {
    let path = FilePath(text: object.path)
    guard let status = path.status(followingLink: false), status.st_size <= longest,
      let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.noFollow, .closeOnExec])
    else { return nil }
    defer { try? descriptor.close() }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var count = 0
    while count < bytes.count {
      let read = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe (try? descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))) ?? 0
      }
      guard read > 0 else { return nil }
      count += read
    }
    return ContentDigest(of: bytes) == object.content ? bytes : nil
  }
}
