internal import Files

/// A row that this program didn't write like that.
struct DamagedRow: Error {
  let detail: String
}

/// How states and digests stand in the tables.
extension LedgerRow {
  func digest(_ column: String) throws -> ContentDigest {
    guard let bytes = blob(column), let digest = ContentDigest(bytes) else {
      throw DamagedRow(detail: "column \(column) holds no digest")
    }
    return digest
  }

  func optionalDigest(_ column: String) throws -> ContentDigest? {
    blob(column) == nil ? nil : try digest(column)
  }

  func bytes(_ column: String) -> [UInt8] { blob(column) ?? [] }

  func time(_ column: String) -> Timestamp? {
    (self[column] as Int64?).map { Timestamp(milliseconds: $0) }
  }

  private func wait() throws -> Wait {
    guard let since = time("since"), let until = time("until") else { throw unknownState() }
    return Wait(since: since, until: until)
  }

  private func lease() throws -> Lease {
    guard let token: Int64 = self["token"], let holder: String = self["holder"] else { throw unknownState() }
    return Lease(token: token, holder: holder, wait: try wait())
  }

  private func unknownState() -> DamagedRow {
    DamagedRow(detail: "row \(self["id"] as Int64) has no valid state")
  }

  func instanceState() throws -> InstanceState {
    let tries = Tries(attempts: self["attempts"], crashes: self["crashes"])
    let verdict = (self["verdict"] as String?).flatMap(Verdict.init)
    switch (self["state"] as String, verdict, self["token"] as Int64?) {
    case ("gathering", _, _): return .gathering(tries)
    case ("behind", _, _): return .behind(tries)
    case ("ready", _, _): return .ready(tries)
    case ("working", _, _): return .working(tries, try lease())
    case ("delayed", _, _): return .delayed(tries, try wait())
    case ("parked", _, _): return .parked(tries, isConflict: self["conflict"])
    case ("finished", let verdict?, let token?): return .finished(tries, verdict, token: token)
    case ("filed", let verdict?, let token?): return .filed(tries, verdict, token: token)
    default: throw unknownState()
    }
  }

  func deliveryState() throws -> DeliveryState {
    let attempts: Int = self["attempts"]
    switch (self["state"] as String, self["token"] as Int64?) {
    case ("due", _): return .due(attempts: attempts)
    case ("sending", _): return .sending(attempts: attempts, try lease())
    case ("delayed", _): return .delayed(attempts: attempts, try wait())
    case ("stored", let token?): return .stored(attempts: attempts, token: token, try wait())
    case ("sent", let token?): return .sent(attempts: attempts, token: token)
    case ("parked", _): return .parked(attempts: attempts)
    case ("withdrawn", _): return .withdrawn(attempts: attempts)
    default: throw unknownState()
    }
  }
}

extension InstanceState {
  var isParked: Bool { if case .parked = self { true } else { false } }
  var isFiled: Bool { if case .filed = self { true } else { false } }
  /// Results and row are committed.
  var isFinished: Bool {
    switch self {
    case .finished, .filed: true
    case .gathering, .behind, .ready, .working, .delayed, .parked: false
    }
  }

  /// It is known what it is to others with its UID, or it waits for a person who knows.
  var isDecided: Bool {
    if case .parked(_, isConflict: true) = self { return true }
    return isFinished
  }

  /// How the tables call it.
  var name: String {
    switch self {
    case .gathering: "gathering"
    case .behind: "behind"
    case .ready: "ready"
    case .working: "working"
    case .delayed: "delayed"
    case .parked: "parked"
    case .finished: "finished"
    case .filed: "filed"
    }
  }

  /// Values of: state, attempts, crashes, token, holder, since, until, earliest, verdict, conflict.
  var columns: LedgerValues {
    switch self {
    case .gathering(let tries): columns(tries)
    case .behind(let tries), .ready(let tries): columns(tries)
    case .working(let tries, let lease):
      columns(tries, token: lease.token, holder: lease.holder, wait: lease.wait)
    case .delayed(let tries, let wait): columns(tries, wait: wait)
    case .parked(let tries, let isConflict): columns(tries, conflict: isConflict)
    case .finished(let tries, let verdict, let token):
      columns(tries, token: token, verdict: verdict)
    case .filed(let tries, let verdict, let token):
      columns(tries, token: token, verdict: verdict)
    }
  }

  private func columns(
    _ tries: Tries, token: Int64? = nil, holder: String? = nil, wait: Wait? = nil,
    verdict: Verdict? = nil, conflict: Bool = false
  ) -> LedgerValues {
    [name, tries.attempts, tries.crashes, token, holder] + wait.columns + [verdict?.rawValue, conflict]
  }
}

extension DeliveryState {
  /// Values of: state, attempts, token, holder, since, until, earliest.
  var columns: LedgerValues {
    switch self {
    case .due: Self.columns("due", attempts)
    case .sending(_, let lease):
      Self.columns("sending", attempts, token: lease.token, holder: lease.holder, wait: lease.wait)
    case .delayed(_, let wait): Self.columns("delayed", attempts, wait: wait)
    case .stored(_, let token, let wait): Self.columns("stored", attempts, token: token, wait: wait)
    case .sent(_, let token): Self.columns("sent", attempts, token: token)
    case .parked: Self.columns("parked", attempts)
    case .withdrawn: Self.columns("withdrawn", attempts)
    }
  }

  private static func columns(
    _ name: String, _ attempts: Int, token: Int64? = nil, holder: String? = nil, wait: Wait? = nil
  ) -> LedgerValues {
    [name, attempts, token, holder] + wait.columns
  }
}

extension Wait? {
  /// Values of: since, until, earliest.
  var columns: LedgerValues {
    [self?.since.milliseconds, self?.until.milliseconds, self?.earliest.milliseconds]
  }
}
