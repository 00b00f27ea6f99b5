import AsyncHTTPClient
import Files
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts notices, each a JSON document, in their order.
package actor WebhookSender: ObjectSender {
  private let endpoint: WebhookEndpoint
  private let client: HTTPClient
  /// Bytes of an answer that are read; nobody looks at them.
  private static let longestAnswer = 64 << 10

  /// - Throws: ``PeerTrouble`` when certificates can't be used.
  package init(_ endpoint: WebhookEndpoint) throws {
    self.endpoint = endpoint
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: try endpoint.tls.clientConfiguration(), redirectConfiguration: .disallow,
      timeout: .init(
        connect: .nanoseconds(Int64(endpoint.connectSeconds * 1e9)),
        read: .nanoseconds(Int64(endpoint.answerSeconds * 1e9)),
        write: .nanoseconds(Int64(endpoint.answerSeconds * 1e9))))
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  package func close() async { try? await client.shutdown() }

  package func askCommitment(_ transactionUID: String, of objects: [SentObject]) async -> CommitmentNews {
    .refused("an answer is all that a webhook gives", isForGood: true)
  }

  package func send(
    _ objects: [SentObject], tell: @escaping @Sendable (SendingNews) -> Void,
    isStopping: @escaping @Sendable () -> Bool
  ) async -> PeerTrouble? {
    for object in objects where !isStopping() {
      let content = try? await NIOThreadPool.singleton.runIfActive { SentMessage.content(of: object) }
      guard let body = content ?? nil else {
        tell(.answered(id: object.id, .refusedForGood(SentObject.gone)))
        continue
      }
      do { tell(.answered(id: object.id, try await post(body, number: object.id))) } catch {
        return PeerTrouble(sending: error)
      }
    }
    return nil
  }

  private func post(_ body: [UInt8], number: Int64) async throws -> PeerAnswer {
    var request = HTTPClientRequest(url: endpoint.url)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.headers.add(name: "User-Agent", value: "mmdicom")
    // The same however often it is sent.
    request.headers.add(name: "X-Mmdicom-Notice", value: "\(number)")
    if let key = endpoint.key {
      let signature = WebhookSignature.value(of: body, key: key, at: Int64(time(nil)))
      request.headers.add(name: WebhookSignature.header, value: signature)
    }
    request.body = .bytes(ByteBuffer(bytes: body))
    // However slowly an answer drips.
    let limit = TimeAmount.nanoseconds(Int64((endpoint.connectSeconds + endpoint.answerSeconds) * 1e9))
    let response = try await client.execute(request, timeout: limit)
    _ = try? await response.body.collect(upTo: Self.longestAnswer)
    return Self.answer(Int(response.status.code))
  }

  /// By the status of HTTP (RFC 9110).
  static func answer(_ status: Int) -> PeerAnswer {
    switch status {
    case 200..<300: .taken("\(status)")
    // Nobody there knows it yet, it asks for patience, or has trouble of its own.
    case 404, 408, 425, 429, 500...: .refusedForNow("\(status)")
    default: .refusedForGood("\(status)")
    }
  }
}
