import Ledger
import Synchronization

/// A ledger whose daemon dies at one of its calls: before the call does anything, or when it is done and its answer is
/// lost.
final class CrashingLedger: StudyLedger, Sendable {
  struct Crash: Error {}

  private let base: any StudyLedger
  /// The call that is the last: 1, 2 ...
  private let last: Int
  private let isAnswerLost: Bool
  private let calls = Mutex(0)

  init(_ base: any StudyLedger, last: Int, isAnswerLost: Bool) {
    self.base = base
    self.last = last
    self.isAnswerLost = isAnswerLost
  }

  /// Whether the crash came.
  var hasCrashed: Bool { calls.withLock { $0 >= last } }

  /// A crash is an error that no call can pass: everything after it fails, too.
  private func step<T: Sendable>(
    _ call: () async throws(LedgerError) -> T
  ) async throws(LedgerError) -> T {
    let number = calls.withLock {
      $0 += 1
      return $0
    }
    if number > last || number == last && !isAnswerLost { throw Self.dead }
    let answer = try await call()
    if number == last { throw Self.dead }
    return answer
  }

  /// Not one that the daemon would wait for.
  private static let dead = LedgerError.damaged(path: "", detail: "crash")

  func admit(_ files: [Admission], at now: Timestamp) async throws(LedgerError) -> [AdmissionOutcome] {
    try await step { () async throws(LedgerError) in try await base.admit(files, at: now) }
  }
  func claim(
    by holder: String, files: Int, limit: Int, order: DrawOrder, for length: Duration,
    keeping tokens: [Int64],
    at now: Timestamp
  ) async throws(LedgerError) -> [Claim] {
    // Questions that find nothing aren't counted: how many there are depends on the time.
    if calls.withLock({ $0 >= last }) { throw Self.dead }
    let claims = try await base.claim(
      by: holder, files: files, limit: limit, order: order, for: length, keeping: tokens, at: now)
    guard !claims.isEmpty else { return [] }
    return try await step { () async throws(LedgerError) in claims }
  }
  func renew(token: Int64, for length: Duration, at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.renew(token: token, for: length, at: now)
    }
  }
  func complete(
    _ instance: Int64, token: Int64, _ completion: Completion, at now: Timestamp
  ) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in
      try await base.complete(instance, token: token, completion, at: now)
    }
  }
  func complete(_ done: [CompletedInstance], at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.complete(done, at: now) }
  }
  func fail(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) -> InstanceState {
    try await step { () async throws(LedgerError) in
      try await base.fail(instance, token: token, reason: reason, at: now)
    }
  }
  func crash(
    _ instance: Int64, token: Int64, reason: String, at now: Timestamp
  ) async throws(LedgerError) -> InstanceState {
    try await step { () async throws(LedgerError) in
      try await base.crash(instance, token: token, reason: reason, at: now)
    }
  }
  func park(_ instance: Int64, token: Int64, reason: String, at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in
      try await base.park(instance, token: token, reason: reason, at: now)
    }
  }
  func conflict(
    _ instance: Int64, token: Int64, with other: Int64, _ chain: Completion.Chain, record: [UInt8],
    at now: Timestamp
  ) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in
      try await base.conflict(instance, token: token, with: other, chain, record: record, at: now)
    }
  }
  func identifyAnew(
    _ instance: Int64, token: Int64, as file: Admission, at now: Timestamp
  ) async throws(LedgerError) -> AdmissionOutcome {
    try await step { () async throws(LedgerError) in
      try await base.identifyAnew(instance, token: token, as: file, at: now)
    }
  }
  func circumstances(of instances: [Int64]) async throws(LedgerError) -> [Int64: Circumstances] {
    try await step { () async throws(LedgerError) in try await base.circumstances(of: instances) }
  }
  func result(_ id: Int64) async throws(LedgerError) -> ResultRecord? { try await base.result(id) }
  func reportRow(of instance: Int64) async throws(LedgerError) -> ReportEntry? {
    try await base.reportRow(of: instance)
  }
  func adopt(_ found: [FoundInstance], at now: Timestamp) async throws(LedgerError) {
    try await base.adopt(found, at: now)
  }
  func release(token: Int64, at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.release(token: token, at: now) }
  }
  func recover(holder: String, at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.recover(holder: holder, at: now) }
  }
  func file(_ instances: [Int64], at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.file(instances, at: now) }
  }
  func rehome(_ instance: Int64, to home: [UInt8], at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.rehome(instance, to: home, at: now) }
  }
  func takeOn(
    _ duty: String, by holder: String, for length: Duration, at now: Timestamp
  ) async throws(LedgerError) -> Bool { try await base.takeOn(duty, by: holder, for: length, at: now) }
  func layDown(_ duty: String, by holder: String, at now: Timestamp) async throws(LedgerError) {
    try await base.layDown(duty, by: holder, at: now)
  }
  func duties() async throws(LedgerError) -> [Duty] { try await base.duties() }
  func show(_ host: String, for length: Duration, at now: Timestamp) async throws(LedgerError) {
    try await base.show(host, for: length, at: now)
  }
  func leave(_ host: String, at now: Timestamp) async throws(LedgerError) {
    try await base.leave(host, at: now)
  }
  func hosts() async throws(LedgerError) -> [HostRecord] { try await base.hosts() }
  func retry(
    _ selection: Selection, accepting: Bool, at now: Timestamp
  ) async throws(LedgerError) -> [Int64] {
    try await base.retry(selection, accepting: accepting, at: now)
  }
  func dismiss(_ selection: Selection, at now: Timestamp) async throws(LedgerError) -> [Int64] {
    try await base.dismiss(selection, at: now)
  }
  func nextWakeUp() async throws(LedgerError) -> Timestamp? { try await base.nextWakeUp() }
  func nextDeliveries(
    to destination: String, by holder: String, limit: Int, order: DrawOrder, for length: Duration,
    at now: Timestamp
  ) async throws(LedgerError) -> DeliveryClaim? {
    try await base.nextDeliveries(
      to: destination, by: holder, limit: limit, order: order, for: length, at: now)
  }
  func settle(
    _ delivery: Int64, token: Int64, _ answer: DeliveryEvent.Answer, answer words: String, at now: Timestamp
  ) async throws(LedgerError) {
    try await base.settle(delivery, token: token, answer, answer: words, at: now)
  }
  func ask(_ transactionUID: String, of deliveries: [Int64], at now: Timestamp) async throws(LedgerError) {
    try await base.ask(transactionUID, of: deliveries, at: now)
  }
  func note(_ report: CommitmentReport, at now: Timestamp) async throws(LedgerError) -> Int {
    try await base.note(report, at: now)
  }
  func serve(
    _ destinations: [String], by host: String?, at now: Timestamp
  ) async throws(LedgerError) -> UnservedDestinations {
    try await base.serve(destinations, by: host, at: now)
  }
  func retryDeliveries(
    to destination: String, givingUp: Bool, at now: Timestamp
  ) async throws(LedgerError) -> Int {
    try await base.retryDeliveries(to: destination, givingUp: givingUp, at: now)
  }
  func nextDelivery(to destination: String, at now: Timestamp) async throws(LedgerError) -> Timestamp? {
    try await base.nextDelivery(to: destination, at: now)
  }
  func deliveryCounts() async throws(LedgerError) -> [DestinationCounts] {
    try await base.deliveryCounts()
  }
  func counts() async throws(LedgerError) -> LedgerCounts {
    if hasCrashed { throw Self.dead }
    return try await base.counts()
  }
  func instances(
    _ selection: Selection, after: Int64, limit: Int
  ) async throws(LedgerError) -> [InstanceRecord] {
    try await step { () async throws(LedgerError) in
      try await base.instances(selection, after: after, limit: limit)
    }
  }
  func results(of instance: Int64) async throws(LedgerError) -> [ResultRecord] {
    try await step { () async throws(LedgerError) in try await base.results(of: instance) }
  }
  func deliveries(of instance: Int64) async throws(LedgerError) -> [DeliveryRecord] {
    try await base.deliveries(of: instance)
  }
  func reasons() async throws(LedgerError) -> [String: Int] { try await base.reasons() }
  func report(
    after cursor: Int64, limit: Int, history: Bool
  ) async throws(LedgerError) -> [ReportEntry] {
    try await step { () async throws(LedgerError) in
      try await base.report(after: cursor, limit: limit, history: history)
    }
  }
  func reportExtent() async throws(LedgerError) -> ReportExtent { try await base.reportExtent() }
  func hasDisplaced(since cursor: Int64) async throws(LedgerError) -> Bool {
    try await step { () async throws(LedgerError) in try await base.hasDisplaced(since: cursor) }
  }
  func adopt(_ rows: [AdoptedRow], at now: Timestamp) async throws(LedgerError) {
    try await base.adopt(rows, at: now)
  }
  func note(_ event: String, detail: String, at now: Timestamp) async throws(LedgerError) {
    try await step { () async throws(LedgerError) in try await base.note(event, detail: detail, at: now) }
  }
  func audit(
    of instance: Int64?, after number: Int64, limit: Int
  ) async throws(LedgerError) -> [AuditEntry] {
    try await base.audit(of: instance, after: number, limit: limit)
  }
  func verifyAudit() async throws(LedgerError) -> AuditVerification { try await base.verifyAudit() }
  func prunable(
    before time: Timestamp, after mark: PrunableInstance.Mark?, limit: Int
  ) async throws(LedgerError) -> [PrunableInstance] {
    try await base.prunable(before: time, after: mark, limit: limit)
  }
  func forget(_ instances: [Int64], at now: Timestamp) async throws(LedgerError) -> [Int64] {
    try await step { () async throws(LedgerError) in try await base.forget(instances, at: now) }
  }
}
