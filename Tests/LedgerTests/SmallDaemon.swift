import Ledger

/// The daemon's use of the ledger in small: what it asks in which order. It may be made to crash behind any
/// call, when the call is done and its answer lost.
struct SmallDaemon {
  struct Crash: Error {}

  let ledger: any StudyLedger
  /// The call that the crash comes behind; nil: none.
  let crashAt: Int?
  private(set) var calls = 0

  init(_ ledger: any StudyLedger, crashAt: Int?) {
    self.ledger = ledger
    self.crashAt = crashAt
  }

  /// What lies in the spool as long as nothing was done: an analysed image, its copy, an amendment, a conflict, one without pixels.
  static let files: [[Admission]] = [
    [.file(1, study: 1), .file(2, study: 1)], [.file(1, study: 1, spooled: "spool/copy")],
    [.file(3, pixels: 1, image: 1, study: 1), .file(4, image: 2, study: 1)], [.file(5)],
  ]

  private mutating func step() throws {
    calls += 1
    if calls == crashAt { throw Crash() }
  }

  /// Everything that is to be done, from the beginning, as after a start.
  /// - Parameter gone: names that have left the spool, whoever crashed since.
  mutating func run(gone: inout Set<[UInt8]>) async throws {
    try await ledger.recover(holder: "a", at: .at(100))
    try step()
    for batch in Self.files {
      let batch = batch.filter { !gone.contains($0.spooled) }
      let outcomes = try await ledger.admit(batch, at: .at(100))
      try step()
      for (file, outcome) in zip(batch, outcomes) {
        if case .known = outcome { gone.insert(file.spooled) }
      }
    }
    while let claim = try await ledger.claim(at: .at(500), limit: 2) {
      try step()
      for instance in claim.instances {
        let completion: Completion =
          instance.id == 5
          ? .rejected(instance, "no_pixels") : .analysed(instance, to: ["pacs", "web"])
        try await ledger.complete(instance.id, token: claim.lease.token, completion, at: .at(501))
        try step()
      }
    }
    for instance in try await ledger.instances(.unfiled, after: 0, limit: 100) {
      gone.insert(instance.spooled)
      try await ledger.file(instance.id, at: .at(502))
      try step()
    }
    for destination in ["pacs", "web"] { try await send(to: destination) }
  }

  private mutating func send(to destination: String) async throws {
    while let claim = try await ledger.deliveries(to: destination, at: .at(503), limit: 1) {
      try step()
      for delivery in claim.deliveries {
        try await ledger.settle(delivery.id, token: claim.lease.token, .taken, answer: "0000", at: .at(503))
        try step()
      }
    }
  }
}
