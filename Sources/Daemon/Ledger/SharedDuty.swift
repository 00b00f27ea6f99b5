package import Ledger

/// Work on the shared folders that one host does at a time, where several share a ledger. Where the daemon is alone,
/// nobody is asked.
///
/// Who stands still in the middle of it, and wakes when another is at it, does the rest as well: what is done here must
/// come to the same then.
package struct SharedDuty: Sendable {
  package enum Kind: String, Sendable {
    /// Bringing sources home, and writing the report.
    case settling
    /// Deleting what was kept for long enough.
    case retention
    /// Taking over what there was before the ledger.
    case adoption
    /// Telling one of those who are told of what happens.
    case notification
  }

  private let name: String
  private let ledger: any StudyLedger
  private let holder: String
  private let isShared: Bool
  private let renewal: Duration
  /// A host that is lost in the middle of it holds it up for so long; whoever lives goes on with it.
  private static let lease = Duration.seconds(60)
  /// How often it is prolonged at most: who hangs, on a mount that doesn't answer, lets others do it in the end.
  private static let prolongations = 30

  /// - Parameters:
  ///   - part: whom it is done for, where each has a host of its own.
  ///   - renewal: how often it is prolonged.
  package init(
    _ kind: Kind, for part: String? = nil, _ folders: InboxFolders, _ ledger: any StudyLedger,
    renewal: Duration = .seconds(20)
  ) {
    self.init(kind, for: part, isShared: folders.host != nil, by: folders.holder, ledger, renewal: renewal)
  }

  /// - Parameter holder: who does it.
  init(
    _ kind: Kind, for part: String? = nil, isShared: Bool, by holder: String, _ ledger: any StudyLedger,
    renewal: Duration = .seconds(20)
  ) {
    name = part.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue
    (self.isShared, self.holder, self.ledger, self.renewal) = (isShared, holder, ledger, renewal)
  }

  /// Does it, unless another is at it.
  /// - Parameter patience: so long it is waited for.
  /// - Returns: nil where another was at it.
  package func alone<T>(
    isolation: isolated (any Actor)? = #isolation, patience: Duration = .zero, _ body: () async throws -> T
  ) async throws -> T? {
    guard isShared else { return try await body() }
    let end = ContinuousClock.now + patience
    while try await !ledger.takeOn(name, by: holder, for: Self.lease, at: .now) {
      guard .now < end else { return nil }
      try await Task.sleep(for: .milliseconds(200))
    }
    do {
      let value = try await kept(body)
      try await ledger.layDown(name, by: holder, at: .now)
      return value
    } catch {
      try? await ledger.layDown(name, by: holder, at: .now)
      throw error
    }
  }

  /// Does it and keeps the duty meanwhile. When it returns nobody asks for it any more.
  private func kept<T>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> T
  ) async throws -> T {
    // Whatever its caller's queue waits for.
    async let _ = withTaskExecutorPreference(globalConcurrentExecutor) { await prolong() }
    return try await body()
  }

  private func prolong() async {
    for _ in 0..<Self.prolongations {
      do { try await Task.sleep(for: renewal) } catch { return }
      // The ledger that doesn't answer now may do so later.
      if (try? await ledger.takeOn(name, by: holder, for: Self.lease, at: .now)) == false { return }
    }
  }
}

/// That a host is there, for those who look after what it leaves behind.
struct HostPresence: Sendable {
  static let lease = Duration.seconds(60)

  let ledger: any StudyLedger
  let host: String

  /// Tells that this host is there.
  func tell() async throws { try await ledger.show(host, for: Self.lease, at: .now) }

  func end() async throws { try await ledger.leave(host, at: .now) }

  /// Looks after what another host left, if that one isn't there.
  func lookAfter(_ other: String, _ body: () async throws -> Void) async throws {
    let duty = Duty.presence(of: other)
    guard try await ledger.takeOn(duty, by: "\(host) for \(other)", for: Self.lease, at: .now) else { return }
    do { try await body() } catch {
      try? await ledger.layDown(duty, by: "\(host) for \(other)", at: .now)
      throw error
    }
    try await ledger.layDown(duty, by: "\(host) for \(other)", at: .now)
  }
}
