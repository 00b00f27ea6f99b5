import Glibc
import HTTPTypes
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Answers requests on one thread of its own, of a lower priority than everything that reads.
public struct PageServer: Sendable {
  /// Where requests come from.
  public enum Place: Sendable {
    case address(HTTPAddress)
    /// A socket that listens already; systemd opened it (sd_listen_fds(3)).
    case inherited(Int32)
  }

  /// A certificate with its chain, and its key, as PEM files.
  public struct Certificate: Sendable, Equatable {
    public let chain: String
    public let key: String

    public init(chain: String, key: String) { (self.chain, self.key) = (chain, key) }
  }

  /// Connections at a time; more are closed at once.
  static let mostConnections = 256
  /// So long a connection may be silent between requests, and take for one.
  static let patience = TimeAmount.seconds(10)

  private let place: Place
  private let tls: TLSConfiguration?
  private var responder: PageResponder
  private let logger: Logger

  /// - Throws: ``PageFailure`` when the certificate can't be used.
  public init(
    _ place: Place, certificate: Certificate?, access: PageAccess, board: StatusBoard, desk: any StudyDesk,
    isAlive: @escaping @Sendable () -> Bool, logger: Logger
  ) throws(PageFailure) {
    self.place = place
    tls = try certificate.map { certificate throws(PageFailure) in try Self.configuration(certificate) }
    responder = PageResponder(access: access, board: board, desk: desk, isAlive: isAlive)
    self.logger = logger
  }

  /// So long sending a form may take.
  package var formPatience: Duration {
    get { responder.formPatience }
    set { responder.formPatience = newValue }
  }

  /// Reads the files once, so that what is wrong with them is known before anything starts.
  private static func configuration(_ certificate: Certificate) throws(PageFailure) -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(certificate.chain).map {
        NIOSSLCertificateSource.certificate($0)
      }
      let key = try NIOSSLPrivateKey(file: certificate.key, format: .pem)
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = .tlsv12
      _ = try NIOSSLContext(configuration: configuration)
      return configuration
    } catch {
      throw PageFailure("\(certificate.chain), \(certificate.key): can't be used for TLS: \(error)")
    }
  }

  /// Runs until the task is cancelled.
  /// - Parameter isListening: called with the port once requests are taken.
  /// - Throws: ``PageFailure`` when nobody can be listened to there.
  public func run(isListening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    // Linux has priorities of threads: 0 stands for the one that asks. Below those who read, so that no flood takes much
    // from them; not by so much that a core that is busy with reading leaves it no time for what usually comes.
    loop.execute {
      let process = __priority_which_t(PRIO_PROCESS.rawValue)
      _ = setpriority(process, 0, min(19, getpriority(process, 0) + 5))
    }
    do {
      try await withTaskExecutorPreference(LoopExecutor(loop)) {
        try await listen(on: group, isListening)
      }
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
    try await group.shutdownGracefully()
  }

  private func listen(
    on group: MultiThreadedEventLoopGroup, _ isListening: @Sendable (Int) -> Void
  ) async throws {
    let channel = HTTP1Channel(
      responder: { [responder] request, writer, channel in
        let response = await responder.respond(to: request, from: PageCaller(channel))
        try await writer.write(response: response.head, body: response.body)
        // Who sends on what nobody wants to read is heard out for a while, so that the answer arrives.
        if response.headers[.connection] == "close" {
          channel.close(mode: .output, promise: nil)
          channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        }
      },
      configuration: HTTP1Channel.Configuration(
        // Which also ends what stays silent: the channel itself doesn't see what is answered in front of it.
        additionalChannelHandlers: [
          QuickAnswers(patience: Self.patience) { [responder] in
            responder.quickAnswer(to: $0, from: $1)
          }
        ],
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 24 << 10, maxHeaderFieldCount: 100)))
    if let tls {
      try await listen(TLSChannel(channel, tlsConfiguration: tls), on: group, isListening)
    } else {
      try await listen(channel, on: group, isListening)
    }
  }

  private func listen<Channel: ServerChildChannel>(
    _ setup: Channel, on group: MultiThreadedEventLoopGroup, _ isListening: @Sendable (Int) -> Void
  ) async throws {
    let logger = logger
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.backlog, value: 128)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
    let server: NIOAsyncChannel<Channel.Value, Never>
    do {
      switch place {
      case .address(let address):
        server = try await bootstrap.bind(host: address.host, port: address.port) {
          setup.setup(channel: $0, logger: logger)
        }
      case .inherited(let descriptor):
        server = try await bootstrap.bind(descriptor) { setup.setup(channel: $0, logger: logger) }
      }
    } catch {
      throw PageFailure("can't listen for HTTP: \(error)")
    }
    isListening(server.channel.localAddress?.port ?? 0)
    let open = ConnectionCount(limit: Self.mostConnections)
    try await server.executeThenClose { connections in
      try await withThrowingDiscardingTaskGroup { group in
        for try await connection in connections {
          group.addTask {
            let isIn = open.enter()
            defer { if isIn { open.leave() } }
            if !isIn { connection.channel.close(promise: nil) }
            // One that is closed is over at once.
            await setup.handle(value: connection, logger: logger)
          }
        }
        group.cancelAll()
      }
    }
  }
}

/// Why pages can't be served.
public struct PageFailure: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
