import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension PeerTrouble {
  /// Why a request got no answer, in one line.
  init(sending error: any Error) {
    switch error {
    case let error as HTTPClientError: self.init(Self.words(error))
    case let error as NIOConnectionError:
      let first = error.connectionErrors.first.map { ": \(Self.words($0.error))" } ?? ""
      let unknown = error.dnsAError ?? error.dnsAAAAError
      self.init(
        error.connectionErrors.isEmpty && unknown != nil
          ? "the name \(error.host) isn't known" : "no connection to \(error.host):\(error.port)\(first)")
    default: self.init(Self.words(error))
    }
    isCut = !Self.isBeforeSending(error)
    isLate = isCut && Self.isLate(error)
  }

  /// Whether no connection came about.
  private static func isBeforeSending(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
    case is NIOConnectionError, is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: true
    case let error as IOError: error.errnoCode == ECONNREFUSED
    default: false
    }
  }

  private static func isLate(_ error: any Error) -> Bool {
    guard let error = error as? HTTPClientError else { return false }
    return [.readTimeout, .writeTimeout, .deadlineExceeded].contains(error)
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case let error as HTTPClientError:
      switch error {
      case .connectTimeout: "no connection within the time limit"
      case .readTimeout, .deadlineExceeded: "no answer within the time limit"
      case .writeTimeout: "it takes no bytes within the time limit"
      case .remoteConnectionClosed: "it closed the connection"
      default: "HTTP: \(error.shortDescription)"
      }
    case let error as NIOSSLError: "TLS: \(error)"
    case let error as NIOSSLExtraError: "TLS: \(error.description)"
    case let error as BoringSSLError: "TLS: \(error)"
    case let error as IOError: NetworkFailure.text(of: error.errnoCode)
    case ChannelError.ioOnClosedChannel: "it closed the connection"
    case is NIOTooManyBytesError: "its answer is longer than an answer may be"
    default: "\(error)"
    }
  }
}
