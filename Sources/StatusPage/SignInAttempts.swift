import Glibc
package import NIOCore
import Synchronization

/// Counts wrong tokens by the address that they come from, so that who tries them by the thousand is told to stop, and
/// nobody elsewhere is kept out for it.
///
/// Behind a proxy all come from one address, so a right token is let in from there all the same. But it isn't looked at
/// before its turn: otherwise who guesses would be told at once which of thousands is the right one.
package final class SignInAttempts: Sendable {
  private struct State {
    var minute: Int64 = 0
    /// In this minute.
    var failures: [String: Int] = [:]
    /// When the next token from there may be looked at.
    var turns: [String: ContinuousClock.Instant] = [:]
  }

  private let state = Mutex(State())
  package static let mostPerMinute = 10
  /// From then on one token is looked at in so long a time.
  package static let pace = Duration.milliseconds(250)
  /// So many wait for their turn; others aren't looked at.
  package static let mostWaiting = 8
  /// So many addresses are told apart in a minute; what comes from others counts together.
  package static let mostAddresses = 1024
  private static let others = "others"

  package init() {}

  /// Whether wrong tokens from there are still answered as such, in seconds since 1970.
  package func mayTry(from address: String = "", at now: Int64) -> Bool {
    state.withLock { state in
      state.minute != now / 60 || (state.failures[Self.key(address, state)] ?? 0) < Self.mostPerMinute
    }
  }

  package func failed(from address: String = "", at now: Int64) {
    state.withLock { state in
      if state.minute != now / 60 { state = State(minute: now / 60) }
      state.failures[Self.key(address, state), default: 0] += 1
    }
  }

  /// Takes the place behind those who wait already to have tokens from there looked at.
  /// - Returns: how long that takes; nil where too many wait, and the token must not be looked at.
  package func turn(
    from address: String = "", at now: Int64, _ instant: ContinuousClock.Instant = .now
  ) -> Duration? {
    guard !mayTry(from: address, at: now) else { return .zero }
    return state.withLock { state in
      let key = Self.key(address, state)
      let begin = max(instant, state.turns[key] ?? instant)
      let wait = instant.duration(to: begin)
      guard wait < Self.pace * Self.mostWaiting else { return nil }
      state.turns[key] = begin + Self.pace
      return wait
    }
  }

  private static func key(_ address: String, _ state: State) -> String {
    state.failures[address] != nil || state.failures.count < mostAddresses ? address : others
  }
}

extension SocketAddress {
  /// Whom wrong tokens are counted for: the address, and of IPv6 the network that one machine has to itself (RFC 6177).
  package var caller: String {
    guard let text = ipAddress else { return "local" }
    var bytes = [UInt8](repeating: 0, count: 16)
    guard unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return text }
    // An IPv4 address in the form of one.
    if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return bytes[12...].map(String.init).joined(separator: ".")
    }
    return bytes[..<8].map { String($0, radix: 16) }.joined(separator: ":")
  }
}
