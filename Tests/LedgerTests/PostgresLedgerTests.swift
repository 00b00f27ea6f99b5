import Files
import Foundation
import Ledger
import TestSupport
import Testing

/// What concerns PostgreSQL alone: its address, its schema, its clock, and that it goes away.
@Suite(.enabled(if: PostgresServer.isInstalled, "postgresql isn't installed"))
struct PostgresLedgerTests {
  private func server() throws -> PostgresServer { try PostgresServer.shared.get() }

  private func refusal(_ site: LedgerSite, _ role: LedgerRole = .keeper) -> LedgerError? {
    do {
      _ = try site.openPostgres(as: role)
      return nil
    } catch { return error as? LedgerError }
  }

  private func filled() async throws -> LedgerSite {
    let site = try LedgerSite(.postgres)
    _ = try await site.openPostgres().admit((1...20).map { .file($0) }, at: .at(0))
    return site
  }

  // MARK: Address

  @Test func anAddressTellsNoSecret() throws {
    let address = try PostgresAddress(
      "postgresql://reader@db.example:5433/mmdicom?passfile=/etc/pg&sslmode=require")
    #expect(address.description == "postgresql://reader@db.example:5433/mmdicom")
    #expect(throws: PostgresAddress.Problem.holdsPassword) {
      _ = try PostgresAddress("postgresql://u:secret@h/d")
    }
    #expect(throws: PostgresAddress.Problem.holdsPassword) {
      _ = try PostgresAddress("postgresql://h/d?password=s")
    }
    #expect(!"\(PostgresAddress.Problem.holdsPassword)".contains("secret"))
    #expect(throws: PostgresAddress.Problem.self) { _ = try PostgresAddress("postgresql://h/d?nonsense=1") }
    #expect(throws: PostgresAddress.Problem.self) { _ = try PostgresAddress("/var/lib/mmdicom") }
  }

  @Test(
    "a password that libpq's rules take for something else is refused, and shown by nothing",
    arguments: [
      "postgresql://u:SECRET/PW@h/db", "postgresql://u:12/SECRET@h/db", "postgresql://u:/SECRET@h/db",
      "postgresql://u:SEC@RET@h/db", "postgresql://u:SECRET/x?application_name=a@h/db",
      "postgresql://u:SECRET/x?y@h/db", "postgresql://u:SECRET?x/y@h/db", "postgresql://u:SECRET%zz@h/db",
      "postgresql://h/d?SECRET=1", "postgresql://h:5432SECRET/d", "postgresql://u%3ASECRET@h/d",
      "postgresql://h/d?host=u:SECRET@h", "postgresql:/u:SECRET@h/d", "PostgreSQL://u:SECRET@h/d",
      "postgres:u:SECRET@h/d",
    ])
  func aPasswordElsewhere(text: String) throws {
    #expect(PostgresAddress.isAddress(text))
    let failure = #expect(throws: PostgresAddress.Problem.self) { _ = try PostgresAddress(text) }
    let problem = try #require(failure)
    #expect(!"\(problem)".contains("SEC") && !"\(problem)".contains("RET"), "\(problem)")
  }

  @Test(
    "an address without a password is taken",
    arguments: [
      ("postgresql://a:1,b:2/db", "postgresql://a,b:1,2/db"),
      ("postgresql://a,b:2/db", "postgresql://a,b:,2/db"),
      ("postgresql://u%40site@h/db", "postgresql://u@site@h/db"),
      ("postgresql:///db?host=/run/postgresql", "postgresql:///run/postgresql/db"),
      ("postgresql:///db?host=@abstract", "postgresql://@abstract/db"),
      ("postgres://[::1]:5432/db", "postgresql://::1:5432/db"),
    ])
  func addresses(text: String, shown: String) throws {
    #expect(try PostgresAddress(text).description == shown)
  }

  // MARK: Versions

  @Test func aNewerOneIsRefusedByName() async throws {
    let site = try await filled()
    let daemon = try site.openPostgres()
    _ = try await daemon.counts()
    try server().say("INSERT INTO \(site.schema).migration VALUES ('postgres-99', 99)")
    for role in [LedgerRole.keeper, .visitor] {
      guard case .newer(_, ["postgres-99"])? = refusal(site, role) else {
        Issue.record("\(role) took it")
        continue
      }
    }
    // So is one that another host brings to its version while a daemon runs.
    await #expect {
      _ = try await daemon.admit([.file(99)], at: .at(1))
    } throws: { error in
      if case LedgerError.newer(_, ["postgres-99"]) = error { true } else { false }
    }
    // Back to what this program knows, it goes on.
    try server().say("DELETE FROM \(site.schema).migration WHERE number = 99")
    #expect(try await daemon.admit([.file(99)], at: .at(1)) == [.admitted(21)])
  }

  @Test func anOlderOneIsBroughtUpByTheDaemonAndByNobodyElse() async throws {
    let site = try await filled()
    try server().say(
      "DROP TABLE \(site.schema).duty, \(site.schema).host; DELETE FROM \(site.schema).migration WHERE number > 1"
    )
    guard case .older? = refusal(site, .visitor) else {
      Issue.record("a visitor took it")
      return
    }
    // Several start at once: one does it, and the others find it done.
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        let opened = try site.openPostgresLater()
        group.addTask { try await opened().counts().queued }
      }
      for try await queued in group { #expect(queued == 20) }
    }
    #expect(refusal(site, .visitor) == nil)
    #expect(try await site.openPostgres().takeOn("report", by: "a", for: .seconds(1), at: .at(0)))
  }

  @Test func aVisitorMakesNothing() throws {
    let site = try LedgerSite(.postgres)
    guard case .missing? = refusal(site, .visitor) else {
      Issue.record("there was one")
      return
    }
    #expect(try server().say("SELECT count(*) FROM pg_namespace WHERE nspname = '\(site.schema)'") == "0\n")
  }

  @Test func tablesOfAnotherProgramStayAsTheyAre() throws {
    let site = try LedgerSite(.postgres)
    try server().say("CREATE SCHEMA \(site.schema); CREATE TABLE \(site.schema).t (x int)")
    guard case .foreign? = refusal(site) else {
      Issue.record("it was taken")
      return
    }
    #expect(
      try server().say("SELECT count(*) FROM information_schema.tables WHERE table_schema = '\(site.schema)'")
        == "1\n")
  }

  @Test(arguments: [
    ("DROP INDEX %.result_path", "result_path"), ("ALTER TABLE %.instance DROP COLUMN tensor", "tensor"),
    ("DROP TRIGGER audit_kept ON %.audit", "audit_kept"), ("DROP TABLE %.report", "report"),
    ("DROP SEQUENCE %.ledger_token", "ledger_token"), ("DROP TRIGGER tally_to ON %.delivery", "tally_to"),
  ])
  func whatIsMissingIsNamed(damage: String, name: String) async throws {
    let site = try await filled()
    try server().say(damage.replacing("%", with: site.schema))
    guard case .damaged(_, let detail)? = refusal(site) else {
      Issue.record("\(damage): it was taken")
      return
    }
    #expect(detail.contains(name))
  }

  @Test func whatCannotBeUsedIsPutAside() async throws {
    let site = try await filled()
    let address = try PostgresAddress(server().address())
    try server().say("DROP TABLE \(site.schema).report")
    let aside = try PostgresLedger.setAside(address, schema: site.schema, at: .at(5))
    #expect(aside == "\(site.schema)_\(Timestamp.at(5).milliseconds)")
    #expect(refusal(site) == nil)
    #expect(try await site.openPostgres().counts().queued == 0)
    #expect(try server().say("SELECT count(*) FROM \(aside ?? "").instance") == "20\n")
  }

  @Test func theTrailCannotBeChangedUnnoticed() async throws {
    let site = try await filled()
    for sql in [
      "DELETE FROM %.audit WHERE number = 3", "UPDATE %.audit SET detail = '' WHERE number = 3",
      "TRUNCATE %.audit",
    ] {
      #expect(throws: PostgresServer.Failure.self) {
        try server().say(sql.replacing("%", with: site.schema))
      }
    }
    try server().say(
      "ALTER TABLE \(site.schema).audit DISABLE TRIGGER ALL; DELETE FROM \(site.schema).audit WHERE number = 3; "
        + "ALTER TABLE \(site.schema).audit ENABLE TRIGGER ALL")
    #expect(try await site.openPostgres().verifyAudit() == .broken(.missing(before: 4)))
  }

  // MARK: Time

  @Test func theDatabasesClockRules() async throws {
    let site = try LedgerSite(.postgres)
    site.rules.quietTime = .zero
    let ahead = try site.openPostgres(clock: .database)
    let behind = try site.openPostgres(clock: .database)
    let day = Int64(86_400_000)
    let present = Int64(Date.now.timeIntervalSince1970 * 1000)
    func now(_ shift: Int64) -> Timestamp { Timestamp(milliseconds: present + shift) }
    _ = try await ahead.admit([.file(1)], at: now(day))
    let claim = try #require(await ahead.claim(at: now(day), by: "a"))
    // A host whose clock is a day behind, or two days ahead, takes nothing that is leased.
    #expect(try await behind.claim(at: now(-day), by: "b") == nil)
    #expect(try await behind.claim(at: now(2 * day), by: "b") == nil)
    // A loaded machine may have taken long for that.
    func passed() -> Int64 { Int64(Date.now.timeIntervalSince1970 * 1000) - present }
    #expect(abs(claim.lease.wait.since.milliseconds - present) < 60_000 + passed())
    // Each is told of the end of the lease by its own clock.
    #expect(try await behind.claim(at: now(-day), by: "b") == nil)
    let end = try #require(await behind.nextWakeUp())
    #expect(abs(end.milliseconds - (present - day + 60_000)) < 60_000 + passed())
    try await ahead.complete(1, token: claim.lease.token, .analysed(claim.instances[0]), at: now(day))
    #expect(try await behind.counts().analysed == 1)
  }

  // MARK: A server that goes away

  @Test func whoseConnectionsAreCutGoesOn() async throws {
    let site = try await filled()
    // By this name its connections are known among those of other tests.
    let address = try PostgresAddress(server().address("&application_name=\(site.schema)"))
    let ledger = try PostgresLedger(at: address, as: .keeper, clock: .caller, schema: site.schema)
    for number in 100..<110 {
      try server().say(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '\(site.schema)'
        """)
      #expect(try await ledger.admit([.file(number)], at: .at(0)).count == 1)
    }
    #expect(try await ledger.counts().queued == 30)
    #expect(try await ledger.verifyAudit() != .broken(.altered(1)))
  }

  @Test func aServerThatIsGoneIsNamedAndWaitedFor() async throws {
    let server = try PostgresServer("gone")
    let address = try PostgresAddress(server.address("&connect_timeout=2"))
    let ledger = try PostgresLedger(at: address, as: .keeper, clock: .caller)
    #expect(try await ledger.admit([.file(1)], at: .at(0)) == [.admitted(1)])
    server.stop()
    await #expect {
      _ = try await ledger.admit([.file(2)], at: .at(0))
    } throws: { error in
      guard let error = error as? LedgerError, case .unreachable = error else { return false }
      return error.isRetryable && "\(error)".contains(address.description)
    }
    try server.start()
    // What was promised is there, and the same call may be made again.
    #expect(try await ledger.admit([.file(1), .file(2)], at: .at(0)) == [.already(1), .admitted(2)])
    server.stop()
  }

  // MARK: Many at a time

  @Test func manyHostsTakeInTheSameStudies() async throws {
    let site = try LedgerSite(.postgres)
    let ledgers = try (0..<4).map { _ in try site.openPostgres() }
    // Every host sees every file, in another order, and each names one UID for two pictures.
    let files = (1...40).map { Admission.file($0, image: $0 % 20, study: $0 % 5) }
    let outcomes = try await withThrowingTaskGroup(of: [AdmissionOutcome].self) { group in
      for (index, ledger) in ledgers.enumerated() {
        let mine = (files[(index * 10)...] + files[..<(index * 10)]).map { file in
          var file = file
          file.spooled = Array("\(index)/".utf8) + file.spooled
          return file
        }
        group.addTask {
          var all: [AdmissionOutcome] = []
          for start in stride(from: 0, to: 40, by: 8) {
            all += try await ledger.admit(Array(mine[start..<start + 8]), at: .at(0))
          }
          return all
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    let known = outcomes.count { if case .known = $0 { true } else { false } }
    #expect(outcomes.count == 160 && known == 120)
    // The numbers of the images of a study are all different, whoever took them in.
    for study in 0..<5 {
      let rows = try await ledgers[0].instances(.uid("1.2.\(study)"), after: 0, limit: 100)
      #expect(Set(rows.map(\.number)) == Set(1...8))
    }
    #expect(try await ledgers[0].verifyAudit() == ledgers[1].verifyAudit())
  }

  @Test func manyHostsReadAndReportInOneOrder() async throws {
    let site = try LedgerSite(.postgres)
    let ledgers = try (0..<4).map { _ in try site.openPostgres() }
    _ = try await ledgers[0].admit((1...120).map { .file($0, study: $0 % 60) }, at: .at(0))
    let seen = try await withThrowingTaskGroup(of: [Int64].self) { group in
      for (index, ledger) in ledgers.enumerated() {
        group.addTask {
          while let claim = try await ledger.claim(at: .at(20), by: "\(index)", limit: 2, order: .fair) {
            for instance in claim.instances {
              try await ledger.complete(
                instance.id, token: claim.lease.token, .analysed(instance, to: ["pacs"]), at: .at(21))
            }
            try await ledger.file(claim.instances.map(\.id), at: .at(22))
          }
          return []
        }
      }
      // Who follows the report meanwhile misses no row: what is committed later stands behind.
      let reader = ledgers[0]
      group.addTask {
        var (cursor, seen): (Int64, [Int64]) = (0, [])
        while seen.count < 120 {
          let entries = try await reader.report(after: cursor, limit: 7, history: true)
          seen += entries.map(\.instance)
          cursor = entries.last?.cursor ?? cursor
        }
        return seen
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(seen.sorted() == Array(1...120))
    guard case .intact = try await ledgers[3].verifyAudit() else {
      Issue.record("the trail broke")
      return
    }
  }

  @Test func whatManyHostsCompleteTogetherAndSendIsTalliedAsItIs() async throws {
    let site = try LedgerSite(.postgres)
    let ledgers = try (0..<4).map { _ in try site.openPostgres() }
    _ = try await ledgers[0].admit((1...80).map { .file($0, study: $0 % 20) }, at: .at(0))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, ledger) in ledgers.enumerated() {
        group.addTask {
          while let claim = try await ledger.claim(at: .at(20), by: "\(index)", order: .fair) {
            let done = claim.instances.map {
              CompletedInstance($0.id, token: claim.lease.token, .analysed($0, to: ["pacs", "web"]))
            }
            try await ledger.complete(done, at: .at(21))
            // Whatever is due by then, of whomever.
            for destination in ["web", "pacs"] {
              guard let claim = try await ledger.deliveries(to: destination, at: .at(30), limit: 3) else {
                continue
              }
              for (place, delivery) in claim.deliveries.enumerated() {
                try await ledger.settle(
                  delivery.id, token: claim.lease.token, place == 1 ? .refusedForGood : .taken, answer: "",
                  at: .at(31))
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let tallies = try await ledgers[0].deliveryTallies()
    #expect(tallies.reduce(0) { $0 + $1.count } == 160)
    let counted = try server().say(
      """
      SELECT destination || ' ' || state || ' ' || count(*) FROM \(site.schema).delivery
      GROUP BY destination, state ORDER BY destination, state
      """)
    #expect(tallies.map { "\($0.destination) \($0.state) \($0.count)\n" }.joined() == counted)
    #expect(Set(tallies.map(\.state)).isSuperset(of: ["sent", "parked"]))
    guard case .intact = try await ledgers[1].verifyAudit() else {
      Issue.record("the trail broke")
      return
    }
  }
}
