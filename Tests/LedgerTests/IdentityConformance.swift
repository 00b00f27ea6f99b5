import Files
import Ledger
import Testing

/// What every implementation of the ledger keeps: what a reading finds out about files with one UID.
@Suite struct IdentityConformance {
  /// A file whose picture nobody has seen yet.
  private func file(_ content: Int, image: Int = 1) -> Admission {
    var file = Admission.file(content, image: image, study: 1)
    file.pixels = nil
    return file
  }

  /// Reads what is next.
  private func read(
    _ ledger: any StudyLedger, pixels: Int, amends: Int64? = nil, at now: Timestamp
  ) async throws -> InstanceRecord {
    let claim = try #require(await ledger.claim(at: now, limit: 1))
    let record = claim.instances[0]
    var completion = Completion.analysed(record, path: "image.overlay.dcm")
    completion.chain = Completion.Chain(pixels: .of(pixels), tensor: .of(1), weights: .of(2))
    completion.amends = amends
    try await ledger.complete(record.id, token: claim.lease.token, completion, at: now)
    try await ledger.file(record.id, at: now)
    return try #require(await ledger.instance(record.id))
  }

  private func current(_ ledger: any StudyLedger) async throws -> [Int64] {
    try await ledger.report(after: 0, limit: 100, history: false).map(\.instance)
  }

  /// A ledger in which file 1 stands, and the other picture of file 2 waits since 22 for somebody to decide.
  private func conflict(_ kind: LedgerKind) async throws -> any StudyLedger {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1), file(2)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    let claim = try #require(await ledger.claim(at: .at(21)))
    try await ledger.conflict(
      2, token: claim.lease.token, with: 1, Completion.Chain(pixels: .of(8)), record: [2], at: .at(22))
    return ledger
  }

  @Test(arguments: LedgerKind.allCases)
  func filesWithOneUIDAreReadOneAfterTheOther(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    let outcomes = try await ledger.admit([file(1), file(2), file(3), file(4, image: 2)], at: .at(0))
    #expect(outcomes == [.admitted(1), .admitted(2), .admitted(3), .admitted(4)])
    #expect(try await ledger.instance(3)?.state == .behind(Tries()))
    #expect(try await ledger.counts().behind == 2)
    let claim = try #require(await ledger.claim(at: .at(20)))
    #expect(claim.instances.map(\.id) == [1, 4])
    try await ledger.release(token: claim.lease.token, at: .at(20))
    #expect(try await ledger.standingImage(for: 1) == nil)
    #expect(try await read(ledger, pixels: 1, at: .at(21)).id == 1)
    let standing = try #require(await ledger.standingImage(for: 2))
    #expect(standing.instance.id == 1 && standing.instance.pixels == .of(1) && !standing.isAccepted)
    #expect(standing.results.map(\.uid) == ["2.25.1"])
    #expect(try await ledger.claim(at: .at(22))?.instances.map(\.id) == [2, 4])
  }

  /// What is read once more stands until then: whatever came since is compared with it, and so waits for it.
  @Test(arguments: LedgerKind.allCases)
  func whatIsReadAgainGoesAheadOfWhatCameSince(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    _ = try await ledger.admit([file(2), file(3)], at: .at(30))
    var wanted = file(1)
    wanted.isWanted = true
    #expect(try await ledger.admit([wanted], at: .at(31)) == [.readAgain(1)])
    #expect(try await ledger.instance(2)?.state == .behind(Tries()))
    #expect(try await read(ledger, pixels: 7, at: .at(60)).id == 1)
    #expect(try await ledger.standingImage(for: 2)?.instance.id == 1)
    // One that a worker has goes on; its comparison was made before.
    let claim = try #require(await ledger.claim(at: .at(61)))
    #expect(claim.instances.map(\.id) == [2])
    #expect(try await ledger.admit([wanted], at: .at(62)) == [.readAgain(1)])
    #expect(try await ledger.instance(1)?.state == .behind(Tries()))
    try await ledger.conflict(
      2, token: claim.lease.token, with: 1, Completion.Chain(pixels: .of(8)), record: [2], at: .at(63))
    #expect(try await read(ledger, pixels: 7, at: .at(64)).id == 3)
    #expect(try await read(ledger, pixels: 7, at: .at(65)).id == 1)
  }

  /// One that waits for a person and goes on waits for what is on its way by then.
  @Test(arguments: LedgerKind.allCases)
  func whatIsTriedAgainWaitsForWhatIsReadAgain(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    _ = try await ledger.admit([file(2)], at: .at(30))
    let claim = try #require(await ledger.claim(at: .at(60)))
    try await ledger.park(2, token: claim.lease.token, reason: "results_misplaced", at: .at(61))
    var wanted = file(1)
    wanted.isWanted = true
    #expect(try await ledger.admit([wanted], at: .at(62)) == [.readAgain(1)])
    #expect(try await ledger.retry(.instance(2), accepting: false, at: .at(63)) == [2])
    #expect(try await ledger.instance(2)?.state == .behind(Tries()))
    #expect(try await read(ledger, pixels: 7, at: .at(90)).id == 1)
    #expect(try await ledger.standingImage(for: 2)?.instance.id == 1)
    #expect(try await read(ledger, pixels: 7, amends: 1, at: .at(91)).id == 2)
  }

  /// However they were accepted, each is read when the one before it is decided: two at once would both take the place of the
  /// same.
  @Test(arguments: LedgerKind.allCases)
  func picturesThatAreAcceptedAreReadOneAfterTheOther(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1), file(2), file(3), file(4)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    for id: Int64 in 2...4 {
      let claim = try #require(await ledger.claim(at: .at(21)))
      try await ledger.conflict(
        id, token: claim.lease.token, with: 1, Completion.Chain(pixels: .of(7 + Int(id))), record: [2],
        at: .at(22))
    }
    for id: Int64 in [4, 2, 3] {
      #expect(try await ledger.retry(.instance(id), accepting: true, at: .at(23)) == [id])
    }
    for (id, standing) in [(4, 1), (2, 4), (3, 2)] as [(Int64, Int64)] {
      #expect(try await ledger.standingImage(for: id)?.instance.id == standing)
      let claim = try #require(await ledger.claim(at: .at(24)))
      #expect(claim.instances.map(\.id) == [id])
      var completion = Completion.analysed(claim.instances[0], path: "image.overlay.dcm")
      completion.amends = standing
      try await ledger.complete(id, token: claim.lease.token, completion, at: .at(25))
      try await ledger.file(id, at: .at(26))
    }
    #expect(try await current(ledger) == [3])
    for id: Int64 in [1, 2, 4] { #expect(try await ledger.results(of: id).map(\.isSuperseded) == [true]) }
  }

  @Test(arguments: LedgerKind.allCases)
  func anAmendmentTakesThePlaceOfRowAndResults(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1), file(2)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    let second = try await read(ledger, pixels: 7, amends: 1, at: .at(21))
    #expect(second.replaces == 1 && second.tensor == .of(1) && second.weights == .of(2))
    #expect(try await ledger.results(of: 1).map(\.isSuperseded) == [true])
    let result = try #require(try await ledger.results(of: 2).first)
    #expect(!result.isSuperseded)
    #expect(try await ledger.result(try #require(result.replaces))?.uid == "2.25.1")
    #expect(try await current(ledger) == [2])
    #expect(try await ledger.reportRow(of: 1).map(\.isCurrent) == false)
    // The third amends the second, and what is amended isn't read again.
    _ = try await ledger.admit([file(3)], at: .at(30))
    #expect(try await ledger.standingImage(for: 3)?.instance.id == 2)
    var wanted = file(1)
    wanted.isWanted = true
    #expect(try await ledger.admit([wanted], at: .at(31)) == [.known(1)])
  }

  @Test(arguments: LedgerKind.allCases)
  func anotherPictureWaitsUntilSomebodyAcceptsIt(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1), file(2), file(3)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    let claim = try #require(await ledger.claim(at: .at(21)))
    #expect(claim.instances.map(\.id) == [2])
    try await ledger.conflict(
      2, token: claim.lease.token, with: 1, Completion.Chain(pixels: .of(8)), record: [2], at: .at(22))
    let parked = try #require(await ledger.instance(2))
    #expect(parked.state == .parked(Tries(attempts: 1), isConflict: true))
    #expect(parked.reason == "uid_conflict" && parked.rival == 1 && parked.pixels == .of(8))
    #expect(try await current(ledger) == [1, 2])
    // It holds nobody up, and speaks for nobody.
    #expect(try await ledger.standingImage(for: 3)?.instance.id == 1)
    #expect(try await ledger.retry(.parked, accepting: false, at: .at(23)) == [])
    #expect(try await ledger.retry(.uid("1.2.3.1"), accepting: true, at: .at(24)) == [2])
    // What is on its way with the same UID comes first.
    #expect(try await ledger.instance(2)?.state == .behind(Tries()))
    _ = try await read(ledger, pixels: 7, amends: 1, at: .at(25))
    let standing = try #require(await ledger.standingImage(for: 2))
    #expect(standing.instance.id == 3 && standing.isAccepted)
    _ = try await read(ledger, pixels: 8, amends: 3, at: .at(26))
    #expect(try await current(ledger) == [2])
    #expect(try await ledger.instance(2)?.rival == nil)
    for id: Int64 in [1, 3] { #expect(try await ledger.results(of: id).map(\.isSuperseded) == [true]) }
  }

  @Test(arguments: LedgerKind.allCases)
  func whatSomebodyRefusesIsRejectedForGood(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1), file(2)], at: .at(0))
    _ = try await read(ledger, pixels: 7, at: .at(20))
    let claim = try #require(await ledger.claim(at: .at(21)))
    #expect(try await ledger.dismiss(.uid("1.2.3.1"), at: .at(21)) == [])
    try await ledger.conflict(
      2, token: claim.lease.token, with: 1, Completion.Chain(pixels: .of(8)), record: [2], at: .at(22))
    #expect(try await ledger.dismiss(.uid("1.2.3.1"), at: .at(23)) == [2])
    #expect(try await ledger.dismiss(.uid("1.2.3.1"), at: .at(23)) == [])
    let next = try #require(await ledger.claim(at: .at(24)))
    #expect(next.instances.map(\.isDismissed) == [true])
    try await ledger.complete(
      2, token: next.lease.token, .rejected(next.instances[0], InstanceRecord.dismissalCode), at: .at(25))
    try await ledger.file(2, at: .at(26))
    let refused = try #require(await ledger.instance(2))
    #expect(refused.rival == nil && !refused.isDismissed && refused.reason == InstanceRecord.dismissalCode)
    // What stands stands, and nothing is said of the other any more.
    #expect(try await current(ledger) == [1])
    #expect(try await ledger.hasDisplaced(since: 2))
    // The same bytes aren't read again by themselves.
    #expect(try await ledger.admit([file(2)], at: .at(30)) == [.known(2)])
    var wanted = file(2)
    wanted.isWanted = true
    #expect(try await ledger.admit([wanted], at: .at(31)) == [.readAgain(2)])
  }

  /// Somebody accepts a picture, and it turns out to be of no use: what was said of it while it waited is over, and the
  /// other stands as it did.
  @Test(arguments: LedgerKind.allCases)
  func whatIsAcceptedAndOfNoUseTakesNothingAway(kind: LedgerKind) async throws {
    let ledger = try await conflict(kind)
    #expect(try await current(ledger) == [1, 2])
    #expect(try await ledger.retry(.uid("1.2.3.1"), accepting: true, at: .at(23)) == [2])
    let next = try #require(await ledger.claim(at: .at(24)))
    try await ledger.complete(
      2, token: next.lease.token, .rejected(next.instances[0], "bad_pixels"), at: .at(25))
    try await ledger.file(2, at: .at(26))
    #expect(try await current(ledger) == [1])
    #expect(try await ledger.hasDisplaced(since: 2))
    #expect(try await ledger.results(of: 1).map(\.isSuperseded) == [false])
    // Nothing has amended it, so it may be read again.
    var wanted = file(1)
    wanted.isWanted = true
    #expect(try await ledger.admit([wanted], at: .at(30)) == [.readAgain(1)])
  }

  /// Held up on its way to `rejected` and tried again, a picture that somebody refused doesn't take the other's place.
  @Test(arguments: LedgerKind.allCases)
  func aRetryAcceptsNothingThatWasRefused(kind: LedgerKind) async throws {
    let ledger = try await conflict(kind)
    #expect(try await ledger.dismiss(.uid("1.2.3.1"), at: .at(23)) == [2])
    let next = try #require(await ledger.claim(at: .at(24)))
    try await ledger.park(2, token: next.lease.token, reason: "results_misplaced", at: .at(25))
    #expect(try await ledger.retry(.parked, accepting: false, at: .at(26)) == [2])
    let again = try #require(await ledger.instance(2))
    #expect(again.isDismissed && again.replaces == nil)
    // As when an attempt to reject it failed.
    let third = try #require(await ledger.claim(at: .at(27)))
    #expect(third.instances.map(\.isDismissed) == [true])
    _ = try await ledger.fail(2, token: third.lease.token, reason: "io_error", at: .at(28))
    #expect(try await ledger.retry(.uid("1.2.3.1"), accepting: false, at: .at(29)) == [2])
    #expect(try await ledger.instance(2)?.isDismissed == true)
  }

  @Test(arguments: LedgerKind.allCases)
  func aNumberStaysWhenOthersAreForgotten(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    func numbers(_ ids: ClosedRange<Int64>) async throws -> [Int?] {
      var numbers: [Int?] = []
      for id in ids { numbers.append(try await ledger.instance(id)?.number) }
      return numbers
    }
    let files = (1...3).map { file($0, image: $0) } + [.file(9, study: 9), file(4, image: 4)]
    _ = try await ledger.admit(files, at: .at(0))
    #expect(try await numbers(1...5) == [1, 2, 3, 1, 4])
    let claim = try #require(await ledger.claim(at: .at(20)))
    for record in claim.instances {
      try await ledger.complete(record.id, token: claim.lease.token, .analysed(record), at: .at(21))
      try await ledger.file(record.id, at: .at(22))
    }
    #expect(try await ledger.forget([1, 2], at: .at(30)) == [1, 2])
    #expect(try await numbers(1...5) == [nil, nil, 3, 1, 4])
    // What is known is read again under its number, and what is new gets one that nobody has.
    var wanted = file(3, image: 3)
    wanted.isWanted = true
    _ = try await ledger.admit([wanted, file(5, image: 5)], at: .at(31))
    #expect(try await numbers(3...6) == [3, 1, 4, 5])
  }

  @Test(arguments: LedgerKind.allCases)
  func aFileThatChangedIsWhatItsBytesAre(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([file(1), file(2, image: 2)], at: .at(0))
    let claim = try #require(await ledger.claim(at: .at(20)))
    let token = claim.lease.token
    #expect(
      try await ledger.identifyAnew(1, token: token, as: file(9, image: 3), at: .at(21)) == .readAgain(1))
    let changed = try #require(await ledger.instance(1))
    #expect(changed.content == .of(9) && changed.sopInstanceUID == "1.2.3.3")
    #expect(changed.reason == "content_changed" && changed.state == .gathering(Tries()))
    // The other turns out to be the same as what the first is now.
    #expect(
      try await ledger.identifyAnew(2, token: token, as: file(9, image: 3), at: .at(22)) == .known(1))
    #expect(try await ledger.instance(2) == nil)
    #expect(try await ledger.instance(1)?.timesSeen == 2)
    #expect(try await ledger.claim(at: .at(60))?.instances.map(\.id) == [1])
    let verification = try await ledger.verifyAudit()
    guard case .intact = verification else {
      Issue.record("\(verification)")
      return
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func whatIsFoundAfterALossIsKnown(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    try await ledger.adopt([AdoptedRow(image: "1.2.3.1", verdict: .analysed, record: [1])], at: .at(0))
    let result = Completion.Result(kind: "overlay", path: [1], uid: "2.25.1", content: .of(5))
    let found = FoundInstance(file(1), verdict: .analysed, reason: "", home: [2], results: [result])
    for _ in 1...2 { try await ledger.adopt([found], at: .at(1)) }
    #expect(try await ledger.admit([file(1)], at: .at(2)) == [.known(1)])
    #expect(try await ledger.results(of: 1).map(\.uid) == ["2.25.1"])
    #expect(try await current(ledger) == [1])
    _ = try await ledger.admit([file(2)], at: .at(3))
    let standing = try #require(await ledger.standingImage(for: 2))
    #expect(standing.instance.id == 1 && standing.instance.pixels == nil)
    let claim = try #require(await ledger.claim(at: .at(20)))
    var completion = Completion.analysed(claim.instances[0], path: "x")
    completion.chain = Completion.Chain(pixels: .of(7), standingPixels: .of(7))
    completion.amends = 1
    try await ledger.complete(2, token: claim.lease.token, completion, at: .at(21))
    #expect(try await ledger.instance(1)?.pixels == .of(7))
    #expect(try await current(ledger) == [2])
    #expect(try await ledger.results(of: 1).map(\.isSuperseded) == [true])
  }
}
