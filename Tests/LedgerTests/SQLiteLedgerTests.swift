import Files
import Foundation
import GRDB
import Ledger
import Testing

/// What concerns the file alone.
@Suite struct SQLiteLedgerTests {
  private func site() async throws -> LedgerSite {
    let site = try LedgerSite(.sqlite)
    let ledger = try SQLiteLedger(at: site.file, as: .keeper)
    _ = try await ledger.admit((1...200).map { .file($0) }, at: .at(0))
    try ledger.close()
    return site
  }

  /// Another program's hand in the file.
  private func tamper(_ site: LedgerSite, _ sql: String) throws {
    let queue = try DatabaseQueue(path: site.file)
    try queue.write { db in try db.execute(sql: sql) }
    try queue.close()
  }

  private func refusal(_ site: LedgerSite, _ role: SQLiteLedger.Role = .keeper) -> LedgerError? {
    do {
      _ = try SQLiteLedger(at: site.file, as: role)
      return nil
    } catch { return error }
  }

  @Test func aDamagedFileIsRefusedWithTheCommandThatRebuildsIt() async throws {
    for place in [0, 20, 4096, 30_000] {
      let site = try await site()
      let handle = try FileHandle(forUpdating: URL(filePath: site.file))
      try handle.seek(toOffset: UInt64(place))
      try handle.write(contentsOf: Data(repeating: 0x5a, count: 3000))
      try handle.close()
      let before = try Data(contentsOf: URL(filePath: site.file))
      let error = try #require(refusal(site))
      guard case .damaged(site.file, _) = error else {
        Issue.record("\(place): \(error)")
        continue
      }
      #expect(error.description.contains("--rebuild-ledger"))
      #expect(try Data(contentsOf: URL(filePath: site.file)) == before)
    }
  }

  @Test func aFileCutShortIsRefused() async throws {
    for length in [0, 50, 8192] {
      let site = try await site()
      let handle = try FileHandle(forUpdating: URL(filePath: site.file))
      try handle.truncate(atOffset: UInt64(length))
      try handle.close()
      guard case .damaged? = refusal(site) else {
        Issue.record("\(length) was taken")
        continue
      }
    }
  }

  @Test func aNewerFileIsRefusedByName() async throws {
    let site = try await site()
    try tamper(site, "INSERT INTO grdb_migrations VALUES ('ledger-2')")
    #expect(refusal(site) == .newer(path: site.file, found: ["ledger-2"]))
    #expect(refusal(site, .visitor) == .newer(path: site.file, found: ["ledger-2"]))
  }

  @Test func aForeignDatabaseStaysAsItIs() throws {
    let site = try LedgerSite(.sqlite)
    try tamper(site, "CREATE TABLE t (x)")
    let before = try Data(contentsOf: URL(filePath: site.file))
    #expect(refusal(site) == .foreign(path: site.file))
    #expect(try Data(contentsOf: URL(filePath: site.file)) == before)
  }

  @Test func aVisitorMakesNoLedger() throws {
    let site = try LedgerSite(.sqlite)
    #expect(refusal(site, .visitor) == .missing(path: site.file))
    #expect(try FileManager.default.contentsOfDirectory(atPath: site.folder.path) == [])
  }

  @Test func aCrashWhileTheFileIsMadeLeavesNoHalfOne() throws {
    let site = try LedgerSite(.sqlite)
    try Data("half".utf8).write(to: URL(filePath: site.file + ".new"))
    #expect(refusal(site) == nil)
    #expect(!FileManager.default.fileExists(atPath: site.file + ".new"))
  }

  @Test func aLogThatLostItsFileIsKeptOutOfTheNewOne() async throws {
    let site = try LedgerSite(.sqlite)
    let ledger = try SQLiteLedger(at: site.file, as: .keeper)
    _ = try await ledger.admit((1...200).map { .file($0) }, at: .at(0))
    let log = try Data(contentsOf: URL(filePath: site.file + "-wal"))
    #expect(log.count > 4096)
    try ledger.close()
    try FileManager.default.removeItem(atPath: site.file)
    try log.write(to: URL(filePath: site.file + "-wal"))

    let new = try SQLiteLedger(at: site.file, as: .keeper)
    #expect(try await new.audit(of: nil, after: 0, limit: 1).isEmpty)
    try new.close()
    #expect(refusal(site) == nil)
    #expect(try Data(contentsOf: URL(filePath: site.file + ".left-wal")) == log)
  }

  /// SQLite would go on with files that have no name any more, and all that it is told would be gone with the process.
  @Test(arguments: ["taken away", "replaced", "its log taken away"])
  func nothingIsCommittedIntoAFileThatIsNoLongerThere(how: String) async throws {
    let site = try await site()
    let ledger = try SQLiteLedger(at: site.file, as: .keeper)
    _ = try await ledger.admit([.file(300)], at: .at(1))
    let copy = site.file + ".copy"
    switch how {
    case "replaced":
      try FileManager.default.copyItem(atPath: site.file, toPath: copy)
      try FileManager.default.removeItem(atPath: site.file)
      try FileManager.default.moveItem(atPath: copy, toPath: site.file)
    case "taken away":
      for suffix in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: site.file + suffix) }
    default: try FileManager.default.removeItem(atPath: site.file + "-wal")
    }
    for number in 301...302 {
      let error = await #expect(throws: LedgerError.self) {
        try await ledger.admit([.file(number)], at: .at(2))
      }
      #expect(error == .takenAway(path: site.file) && error?.isRetryable == false)
    }
  }

  @Test func aVisitorLooksAndRetriesWhileTheDaemonWrites() async throws {
    let site = try await site()
    let daemon = try SQLiteLedger(at: site.file, as: .keeper)
    let visitor = try SQLiteLedger(at: site.file, as: .visitor)
    async let work: Void = {
      while let claim = try await daemon.claim(at: .at(20)) {
        let token = claim.lease.token
        for instance in claim.instances {
          try await daemon.complete(instance.id, token: token, .analysed(instance), at: .at(21))
        }
      }
    }()
    for _ in 0..<50 {
      let counts = try await visitor.counts()
      #expect(counts.queued + counts.working + counts.analysed == 200)
      #expect(try await visitor.retry(.parked, accepting: false, at: .at(21)) == [])
    }
    try await work
    #expect(try await visitor.counts().analysed == 200)
  }

  @Test func theTrailCannotBeChangedUnnoticed() async throws {
    let site = try await site()
    for sql in ["DELETE FROM audit WHERE number = 3", "UPDATE audit SET detail = '' WHERE number = 3"] {
      #expect(throws: DatabaseError.self) { try tamper(site, sql) }
    }
    try tamper(site, "DROP TRIGGER audit_kept; DELETE FROM audit WHERE number > 190")
    let ledger = try SQLiteLedger(at: site.file, as: .keeper)
    #expect(try await ledger.verifyAudit() == .broken(.cut(after: 190, written: 200)))
    try ledger.close()
    try tamper(site, "DROP TRIGGER audit_fixed; UPDATE audit SET detail = 'x' WHERE number = 7")
    let again = try SQLiteLedger(at: site.file, as: .keeper)
    #expect(try await again.verifyAudit() == .broken(.altered(7)))
  }

  /// A ledger of a version that counted images instead of numbering them.
  @Test func imagesOfAnOlderLedgerGetTheirNumbers() async throws {
    let site = try LedgerSite(.sqlite)
    let ledger = try SQLiteLedger(at: site.file, as: .keeper)
    let files = [.file(1, study: 7), .file(2), .file(3, study: 7), Admission.file(4, study: 7)]
    _ = try await ledger.admit(files, at: .at(0))
    try ledger.close()
    try tamper(
      site,
      """
      DROP INDEX instance_study; ALTER TABLE instance DROP COLUMN number;
      CREATE INDEX instance_study ON instance(study) WHERE study <> '';
      DELETE FROM grdb_migrations WHERE identifier = 'ledger-5-number'
      """)
    let again = try SQLiteLedger(at: site.file, as: .keeper)
    var numbers: [Int?] = []
    for id in Int64(1)...4 { numbers.append(try await again.instance(id)?.number) }
    #expect(numbers == [1, 1, 2, 3])
  }

  /// The queries that every claim runs find their rows by an index: none looks at all rows of a table, and
  /// none sorts what it takes little of.
  @Test func claimsLookAtNoMoreThanTheyTake() async throws {
    let site = try await site()
    let queue = try DatabaseQueue(path: site.file)
    let queries = [
      "SELECT bundle FROM gathering INDEXED BY gathering_arrival WHERE until <= 5 ORDER BY arrival DESC, until DESC LIMIT 5",
      "SELECT bundle FROM gathering WHERE until <= 5 ORDER BY until LIMIT 5",
      "SELECT bundle FROM gathering WHERE earliest > 5 LIMIT 5",
      "SELECT id, state FROM instance WHERE until <= 5 OR earliest > 5 LIMIT 5",
      "SELECT id, state FROM delivery WHERE until <= 5 OR earliest > 5",
      "SELECT bundle FROM instance INDEXED BY instance_ready WHERE state = 'ready' ORDER BY arrival DESC, id DESC LIMIT 1",
      "SELECT id FROM instance INDEXED BY instance_ready_bundle WHERE state = 'ready' AND bundle = 'x' ORDER BY id LIMIT 5",
      "UPDATE instance INDEXED BY instance_gathering SET state = 'ready' WHERE state = 'gathering' AND bundle = 'x'",
      "SELECT id FROM instance WHERE state = 'working' AND token = 5",
      "SELECT id FROM delivery INDEXED BY delivery_due WHERE state = 'due' AND destination = 'x' ORDER BY id DESC LIMIT 5",
      "SELECT * FROM instance WHERE content = x'00'",
      "SELECT * FROM instance WHERE sop = 'x' AND sop <> '' ORDER BY id",
      "SELECT * FROM result WHERE path = x'00' AND superseded = 0",
      "SELECT * FROM result WHERE uid = 'x' AND uid <> ''",
      "SELECT * FROM report WHERE image = 'x' AND current = 1",
      "SELECT number FROM instance WHERE study = 'x' AND study <> '' AND id IS NOT 5 ORDER BY number DESC LIMIT 1",
      "SELECT id FROM instance WHERE state = 'working' AND token = 5 AND (until < 5 OR since > 5)",
    ]
    for query in queries {
      let plan = try await queue.read { db in
        try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + query).map { $0["detail"] as String }
      }
      let isBounded = plan.allSatisfy { step in
        // A scan of `instance_ready` in its order ends behind the first row, one of `gathering_arrival` soon behind what
        // isn't due yet: it is only done where many are due.
        (!step.hasPrefix("SCAN") || step.hasSuffix("INDEX instance_ready")
          || step.hasSuffix("INDEX gathering_arrival")) && !step.hasSuffix("ORDER BY")
      }
      #expect(isBounded, "\(query): \(plan)")
    }
  }
}
