import FoundationEssentials
import Glibc
import Ledger
package import Logging
import StatusPage

/// Serves health, metrics and the status page beside the work; whatever becomes of it, the work goes on.
package struct StatusService: Sendable {
  private let settings: HTTPSettings
  private let place: PageServer.Place
  private let access: PageAccess
  private let logger: Logger
  private static let backOff = Duration.seconds(30)

  /// Nil where pages are served nowhere.
  /// - Throws: ``ConfigurationFailure`` when the address, the token or the certificate can't be used.
  package init?(
    _ configuration: DaemonConfiguration, environment: [String: String], logger: Logger
  ) throws(ConfigurationFailure) {
    let inherited = InheritedSocket(named: "http", environment)
    // A socket that systemd holds opens nothing that the configuration doesn't ask for.
    guard let http = configuration.http else { return nil }
    (settings, self.logger) = (http, logger)
    let isLoopback = inherited?.isLoopback ?? http.address.isLoopback
    place = inherited.map { .inherited($0.descriptor) } ?? .address(http.address)
    if let obstacle = http.obstacle(isLoopback: isLoopback) { throw ConfigurationFailure(obstacle) }
    access = PageAccess(
      isLoopback: isLoopback, isSecure: http.certificate != nil, token: try http.token())
    // What is wrong with the certificate is said now.
    do {
      _ = try PageServer(
        place, certificate: http.certificate, access: access, board: StatusBoard(), desk: NoDesk(),
        isAlive: { true }, logger: logger)
    } catch { throw ConfigurationFailure("http_certificate: \(error)") }
  }

  /// Runs until the task is cancelled. An address that is taken is tried again and again.
  package func run(_ visit: LedgerVisit, _ health: ServiceHealth) async {
    var isTold = false
    while !Task.isCancelled {
      do {
        let server = try PageServer(
          place, certificate: settings.certificate, access: access, board: health.board,
          desk: LedgerDesk(visit), isAlive: { health.heart.silent().isEmpty }, logger: quiet)
        try await server.run { [logger] port in
          logger.notice("health, metrics and status page are served", metadata: ["port": "\(port)"])
        }
        if Task.isCancelled { return }
      } catch is CancellationError {
        return
      } catch {
        if !isTold {
          logger.warning("no status page for now; reading goes on", metadata: ["why": "\(error)"])
          isTold = true
        }
      }
      try? await Task.sleep(for: Self.backOff)
    }
  }

  /// What strangers send isn't worth a line each.
  private var quiet: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .error)
    return logger
  }
}

/// Stands where nobody asks.
private struct NoDesk: StudyDesk {
  func study(_ name: StudyName) async throws -> StudyView? { nil }
  func preview(of result: Int64) async throws -> [UInt8]? { nil }
  func retry(_ choice: Choice) async throws -> Int { 0 }
  func dismiss(_ choice: Choice) async throws -> Int { 0 }
}
