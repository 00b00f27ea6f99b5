/// What is known of every instance, result and delivery.
///
/// Each call is one transaction: it happens as a whole or not at all, whatever crashes. Each may be made again
/// when its answer was lost. Several tasks, processes and, by implementation, hosts use one ledger at a time;
/// what only one may do is bound to a lease. A call isn't cancelled with its task: once begun, it is answered.
///
/// Promised, on the disk before the call returns: ``admit(_:at:)``, ``complete(_:token:_:at:)``,
/// ``file(_:at:)``, ``settle(_:token:_:answer:at:)``, ``park(_:token:reason:at:)``, ``retry(_:accepting:at:)``,
/// ``ask(_:of:at:)``, ``note(_:at:)``, ``serve(_:at:)``, ``forget(_:at:)``. What concerns leases alone may be lost with the power, together with who held them.
package protocol StudyLedger: Sendable {
  // MARK: Intake

  /// Takes note of files that lie in the spool, synced, in one transaction; outcomes in the same order.
  func admit(_ files: [Admission], at now: Timestamp) async throws(LedgerError) -> [AdmissionOutcome]

  // MARK: Work

  /// Leases files of the next complete studies, each study under a lease of its own; none when none waits. Leases that ran
  /// out are taken back first, and what has waited long enough gets its turn.
  /// - Parameters:
  ///   - files: as many studies as it takes to have so many files.
  ///   - limit: of each study at most.
  ///   - tokens: what the holder still has in hand: they aren't taken back, however late it is, and are prolonged where half
  ///     of their time is over.
  func claim(
    by holder: String, files: Int, limit: Int, order: DrawOrder, for length: Duration,
    keeping tokens: [Int64],
    at now: Timestamp
  ) async throws(LedgerError) -> [Claim]
  /// Prolongs a lease over all that it still holds, files and deliveries.
  /// - Throws: ``LedgerError/leaseLost(token:)`` when it holds nothing any more.
  func renew(token: Int64, for length: Duration, at now: Timestamp) async throws(LedgerError)
  /// Writes verdict, results, their deliveries and the report's row. Results of an amended instance are
  /// joined to those that they replace.
  func complete(
    _ instance: Int64, token: Int64, _ completion: Completion, at now: Timestamp
  ) async throws(LedgerError)
  /// The same of several, of all or of none.
  func complete(_ done: [CompletedInstance], at now: Timestamp) async throws(LedgerError)
  /// An attempt failed for a cause that may pass: tried again after a while.
  func fail(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) -> InstanceState
  /// A worker died with this file alone: tried again, or quarantined.
  func crash(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) -> InstanceState
  /// The worker found what a person has to decide.
  func park(_ instance: Int64, token: Int64, reason: String, at now: Timestamp) async throws(LedgerError)
  /// The worker found another picture than the one that stands under the UID, in the row `other`: it waits until
  /// somebody accepts it.
  /// - Parameter record: its row of the report meanwhile.
  func conflict(
    _ instance: Int64, token: Int64, with other: Int64, _ chain: Completion.Chain, record: [UInt8],
    at now: Timestamp
  ) async throws(LedgerError)
  /// The file holds other bytes than those that were admitted: it is what these are from now on. Where a row with them
  /// is there already, this one goes.
  func identifyAnew(
    _ instance: Int64, token: Int64, as file: Admission, at now: Timestamp
  ) async throws(LedgerError) -> AdmissionOutcome
  /// All that the reading of rows, and the names of their results, go by, of those that are there; as of one moment.
  func circumstances(of instances: [Int64]) async throws(LedgerError) -> [Int64: Circumstances]
  /// Gives all that the lease still holds back untouched.
  func release(token: Int64, at now: Timestamp) async throws(LedgerError)
  /// Takes back what a daemon of this name held before it died. Only for the daemon itself, at its start.
  func recover(holder: String, at now: Timestamp) async throws(LedgerError)
  /// The sources lie in their homes.
  func file(_ instances: [Int64], at now: Timestamp) async throws(LedgerError)
  /// The source of what is filed lies, or will lie, at another place of its home: where it lay nothing is any more.
  func rehome(_ instance: Int64, to home: [UInt8], at now: Timestamp) async throws(LedgerError)
  /// Lets what is parked or delayed go at once, images and deliveries; conflicts of identity only where
  /// accepted. Returns the instances concerned.
  func retry(
    _ selection: Selection, accepting: Bool, at now: Timestamp
  ) async throws(LedgerError) -> [Int64]
  /// Refuses conflicts of identity for good: each gets its turn once more, with the reason
  /// ``InstanceRecord/dismissalCode``, and whoever claims it rejects it unread. Returns the instances concerned.
  func dismiss(_ selection: Selection, at now: Timestamp) async throws(LedgerError) -> [Int64]
  /// When an image will wait no longer; nil: none does. The daemon sleeps until then or the next event.
  func nextWakeUp() async throws(LedgerError) -> Timestamp?

  // MARK: Duties

  /// Takes on what one holder does at a time, or goes on with it; false while another is at it. Whoever falls silent
  /// loses it after `length`: what is done under a duty has to bear that another does it, too.
  func takeOn(
    _ duty: String, by holder: String, for length: Duration, at now: Timestamp
  ) async throws(LedgerError) -> Bool
  /// Lets a duty go, where the holder has it.
  func layDown(_ duty: String, by holder: String, at now: Timestamp) async throws(LedgerError)
  /// Every duty that somebody has, or had last, by name.
  func duties() async throws(LedgerError) -> [Duty]

  // MARK: Hosts

  /// A host shows that it is there: it takes on its presence (``Duty/presence(of:)``) for `length`, unless another is at
  /// what it left.
  func show(_ host: String, for length: Duration, at now: Timestamp) async throws(LedgerError)
  /// A host ends in order: nobody asks for it any more.
  func leave(_ host: String, at now: Timestamp) async throws(LedgerError)
  /// The hosts that share the ledger, by name, also those that fell silent.
  func hosts() async throws(LedgerError) -> [HostRecord]

  // MARK: Delivery

  /// Leases results for one destination, `limit` at most; nil when none is due. Those of one study come first, then
  /// others in their order.
  func nextDeliveries(
    to destination: String, by holder: String, limit: Int, order: DrawOrder, for length: Duration,
    at now: Timestamp
  ) async throws(LedgerError) -> DeliveryClaim?
  /// What the peer said.
  func settle(
    _ delivery: Int64, token: Int64, _ answer: DeliveryEvent.Answer, answer words: String, at now: Timestamp
  ) async throws(LedgerError)

  /// Notes by which question peers are asked to keep what they took.
  func ask(_ transactionUID: String, of deliveries: [Int64], at now: Timestamp) async throws(LedgerError)
  /// What a peer says of results that it was asked to keep. Returns how many rows that concerned: none where nobody
  /// asked, or where it was said before.
  func note(_ report: CommitmentReport, at now: Timestamp) async throws(LedgerError) -> Int
  /// Says which destinations there are. What waits for others is parked, and goes on once they are there again; where
  /// another host knows them it is left to that one.
  /// - Parameter host: who says so; nil where there is one daemon.
  func serve(
    _ destinations: [String], by host: String?, at now: Timestamp
  ) async throws(LedgerError) -> UnservedDestinations
  /// Lets what waits for one destination go at once, or gives it up; returns how many.
  func retryDeliveries(
    to destination: String, givingUp: Bool, at now: Timestamp
  ) async throws(LedgerError) -> Int
  /// When something for a destination can be sent; nil: nothing waits for it.
  func nextDelivery(to destination: String, at now: Timestamp) async throws(LedgerError) -> Timestamp?

  // MARK: Looking

  /// How each destination does that there ever was, by its name.
  func deliveryCounts() async throws(LedgerError) -> [DestinationCounts]
  func counts() async throws(LedgerError) -> LedgerCounts
  /// Rows with a number above `after`, in order of arrival.
  func instances(
    _ selection: Selection, after: Int64, limit: Int
  ) async throws(LedgerError) -> [InstanceRecord]
  func results(of instance: Int64) async throws(LedgerError) -> [ResultRecord]
  /// The result with this number.
  func result(_ id: Int64) async throws(LedgerError) -> ResultRecord?
  func deliveries(of instance: Int64) async throws(LedgerError) -> [DeliveryRecord]
  /// How many wait for a person or were refused, by coded reason.
  func reasons() async throws(LedgerError) -> [String: Int]

  // MARK: Report

  /// The report's rows behind a cursor, in its order; with the history or without.
  func report(
    after cursor: Int64, limit: Int, history: Bool
  ) async throws(LedgerError) -> [ReportEntry]

  /// How far the rows go, and whether some were taken out of them.
  func reportExtent() async throws(LedgerError) -> ReportExtent
  /// The last row that was written about an instance.
  func reportRow(of instance: Int64) async throws(LedgerError) -> ReportEntry?
  /// Whether a row at or before the cursor has given way to one behind it: what was written from the rows up to there
  /// is out of date.
  func hasDisplaced(since cursor: Int64) async throws(LedgerError) -> Bool
  /// Takes over the rows of a report that is older than the ledger, in their order; the last of an image is current.
  func adopt(_ rows: [AdoptedRow], at now: Timestamp) async throws(LedgerError)
  /// Takes over files that were done, with their results, in their order; what is known already stays as it is. Their
  /// rows of the report were adopted before.
  func adopt(_ found: [FoundInstance], at now: Timestamp) async throws(LedgerError)

  // MARK: Audit

  /// Adds a line for what isn't the ledger's own doing: a start, a reload, a model refused.
  func note(_ event: String, detail: String, at now: Timestamp) async throws(LedgerError)
  /// The lines about an instance, or all; behind a number, in order.
  func audit(
    of instance: Int64?, after number: Int64, limit: Int
  ) async throws(LedgerError) -> [AuditEntry]
  /// Follows the whole chain.
  func verifyAudit() async throws(LedgerError) -> AuditVerification

  // MARK: Retention

  /// What was finished before a time and is delivered everywhere, the oldest first, behind a mark for who leaves some
  /// of them. The files go first, then the rows: a crash between leaves rows that are offered again.
  func prunable(
    before time: Timestamp, after mark: PrunableInstance.Mark?, limit: Int
  ) async throws(LedgerError) -> [PrunableInstance]
  /// Removes the rows of what still is prunable, with their rows of the report, and counts them (``reportExtent()``);
  /// returns which.
  func forget(_ instances: [Int64], at now: Timestamp) async throws(LedgerError) -> [Int64]
}

extension StudyLedger {
  /// Leases files of the next complete study; nil when none waits.
  package func claim(
    by holder: String, limit: Int, order: DrawOrder, for length: Duration, keeping tokens: [Int64],
    at now: Timestamp
  ) async throws(LedgerError) -> Claim? {
    try await claim(by: holder, files: 1, limit: limit, order: order, for: length, keeping: tokens, at: now)
      .first
  }

  /// All that the reading of a row, and the names of its results, go by.
  package func circumstances(of instance: Int64) async throws(LedgerError) -> Circumstances {
    guard let known = try await circumstances(of: [instance])[instance] else {
      throw LedgerError.unknown(row: instance)
    }
    return known
  }
}

/// What one holder does at a time for all.
package struct Duty: Sendable, Hashable {
  package let name: String
  package let holder: String
  /// How long, unless it goes on with it.
  package let wait: Wait

  /// That a host is there, which it shows, or that another looks after what it left.
  package static func presence(of host: String) -> String { "host " + host }
}

/// Who opens a ledger.
package enum LedgerRole: Sendable, Hashable {
  /// The daemon: makes it where it is missing, brings it to this version, checks it.
  case keeper
  /// `status`, `retry`, `explain` beside a daemon: takes it as it is.
  case visitor
}

/// A ledger that a process has opened.
package protocol OpenLedger: StudyLedger, LedgerOverview {
  /// Ends all use of it.
  func close() throws(LedgerError)
}
