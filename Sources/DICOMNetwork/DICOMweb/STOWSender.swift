import AsyncHTTPClient
import Files
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import SystemPackage

/// Stores objects on a DICOMweb server (STOW-RS, PS3.18 10.5): one request for each study of a batch, each object's answer
/// from the response.
package actor STOWSender: ObjectSender {
  private let endpoint: DICOMwebEndpoint
  private let client: HTTPClient
  /// Bytes of an answer that are read.
  private static let longestAnswer = 4 << 20
  /// What a slow line takes at least, in bytes per second: a request that is slower is given up.
  private static let slowest = 16 << 10

  /// - Throws: ``PeerTrouble`` when certificates can't be used.
  package init(_ endpoint: DICOMwebEndpoint) throws {
    self.endpoint = endpoint
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: try endpoint.tls.clientConfiguration(),
      redirectConfiguration: .disallow,
      timeout: .init(
        connect: TimeAmount(seconds: endpoint.connectSeconds),
        read: TimeAmount(seconds: endpoint.answerSeconds),
        write: TimeAmount(seconds: endpoint.answerSeconds)))
    configuration.httpVersion = .http1Only
    configuration.connectionPool.idleTimeout = .seconds(15)
    // Whoever sends tries again by itself, later.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  package func close() async { try? await client.shutdown() }

  /// Nobody asks a DICOMweb server for that: a success is its promise.
  package func askCommitment(_ transactionUID: String, of objects: [SentObject]) async -> CommitmentNews {
    .answered(committed: objects.map(\.sopInstanceUID), failed: [:])
  }

  package func send(
    _ objects: [SentObject], tell: @escaping @Sendable (SendingNews) -> Void,
    isStopping: @escaping @Sendable () -> Bool
  ) async -> PeerTrouble? {
    var waiting: [[SentObject]] = Self.studies(objects)
    while !waiting.isEmpty, !isStopping() {
      let group = waiting.removeFirst()
      let (ready, unfit) = await Self.look(at: group)
      for (object, words) in unfit { tell(.answered(id: object.id, .refusedForGood(words))) }
      guard !ready.isEmpty else { continue }
      let answer: StoreJudgement.Answer
      do { answer = try await post(ready, tell) } catch {
        var trouble = error
        if error.isLate {
          trouble.onTheirWay = ready.map(\.object.id)
        } else if error.isCut, ready.count == 1 {
          tell(.answered(id: ready[0].object.id, .refusedForNow("cut off: \(error)")))
        }
        return trouble
      }
      switch StoreJudgement(answer, of: ready.map(\.object.sopInstanceUID)) {
      case .answered(let answers):
        for (part, answer) in zip(ready, answers) { tell(.answered(id: part.object.id, answer)) }
      case .divide: waiting.insert(contentsOf: ready.map { [$0.object] }, at: 0)
      case .trouble(var trouble):
        // Too many requests are no object's fault; whatever else it says, it may say of one of these alone.
        if answer.status != 429 { trouble.onTheirWay = ready.map(\.object.id) }
        return trouble
      }
    }
    return nil
  }

  /// Those of one study together, in the order of the first of each.
  static func studies(_ objects: [SentObject]) -> [[SentObject]] {
    var groups: [[SentObject]] = []
    var places: [String: Int] = [:]
    for object in objects {
      if let place = places[object.studyInstanceUID] {
        groups[place].append(object)
      } else {
        places[object.studyInstanceUID] = groups.count
        groups.append([object])
      }
    }
    return groups
  }

  private struct Ready: Sendable {
    let object: SentObject
    let part: MultipartRelated.Part
  }

  /// What lies there must be what was written.
  private static func look(
    at objects: [SentObject]
  ) async -> (ready: [Ready], unfit: [(SentObject, String)]) {
    let looked = try? await NIOThreadPool.singleton.runIfActive {
      objects.map { object -> (SentObject, MultipartRelated.Part?) in
        let path = FilePath(text: object.path)
        guard let size = path.status(followingLink: false)?.st_size,
          ContentDigest(ofFileAt: path) == object.content
        else { return (object, nil) }
        return (object, MultipartRelated.Part(path: path, size: Int(size)))
      }
    }
    var ready: [Ready] = []
    var unfit: [(SentObject, String)] = []
    for (object, part) in looked ?? [] {
      if let part {
        ready.append(Ready(object: object, part: part))
      } else {
        unfit.append((object, SentObject.gone))
      }
    }
    return (ready, unfit)
  }

  private func post(
    _ ready: [Ready], _ tell: @escaping @Sendable (SendingNews) -> Void
  ) async throws(PeerTrouble) -> StoreJudgement.Answer {
    let pulse = Pulse { tell(.goesOn) }
    let body = MultipartRelated(
      parts: ready.map(\.part), boundary: "mmdicom-\(UUID().uuidString)", onProgress: { pulse.beat() })
    var request = HTTPClientRequest(url: endpoint.url)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: body.contentType)
    request.headers.add(name: "Accept", value: "application/dicom+json, application/dicom+xml;q=0.5")
    request.headers.add(name: "User-Agent", value: "mmdicom")
    switch endpoint.credentials {
    case .basic(let user, let password): request.setBasicAuth(username: user, password: password)
    case .bearer(let token): request.headers.add(name: "Authorization", value: "Bearer \(token)")
    case nil: break
    }
    request.body = .stream(body, length: .known(body.length))
    let limit =
      endpoint.connectSeconds + endpoint.answerSeconds + Double(body.length) / Double(Self.slowest)
    let (client, prepared) = (client, request)
    let start = ContinuousClock.now
    do {
      return try await Deadline.within(seconds: limit) {
        let response = try await client.execute(prepared, timeout: TimeAmount(seconds: limit))
        var answer = StoreJudgement.Answer(status: Int(response.status.code))
        answer.contentType = response.headers.first(name: "Content-Type") ?? ""
        answer.retryAfter = response.headers.first(name: "Retry-After")
        answer.location = response.headers.first(name: "Location")
        answer.body = Array(buffer: try await response.body.collect(upTo: Self.longestAnswer))
        return answer
      }
    } catch let error as ChannelError where start.duration(to: .now) > .seconds(endpoint.answerSeconds) {
      // The client hung up on a peer that takes no bytes, and a write that was on its way says only that.
      throw PeerTrouble(sending: error == .ioOnClosedChannel ? HTTPClientError.writeTimeout : error)
    } catch { throw PeerTrouble(sending: error) }
  }
}

extension SentObject {
  /// Why an object isn't sent that is no longer what was written.
  package static let gone = "its file isn't there any more, or holds other bytes than were written"
}

extension TimeAmount {
  fileprivate init(seconds: Double) { self = .nanoseconds(Int64(seconds * 1e9)) }
}

/// An end to what may never end.
private enum Deadline {
  static func within<Value: Sendable>(
    seconds: Double, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await Task.sleep(for: .seconds(seconds))
        throw HTTPClientError.deadlineExceeded
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }
}
