import Ledger
import Testing

/// What every implementation of the ledger keeps: which hosts share it, and which of them delivers where.
@Suite struct HostConformance {
  /// Two analysed images, each result for "pacs" and "web".
  private func ledger(_ kind: LedgerKind) async throws -> any StudyLedger {
    let ledger = try LedgerSite(kind).open()
    _ = try await ledger.admit([.file(1), .file(2)], at: .at(0))
    while let claim = try await ledger.claim(at: .at(20)) {
      for instance in claim.instances {
        try await ledger.complete(
          instance.id, token: claim.lease.token, .analysed(instance, to: ["pacs", "web"]), at: .at(20))
        try await ledger.file(instance.id, at: .at(20))
      }
    }
    return ledger
  }

  private func states(_ ledger: any StudyLedger) async throws -> [String] {
    try await ledger.deliveries(of: 1).map { delivery in
      if case .parked = delivery.state {
        "\(delivery.destination) parked"
      } else {
        "\(delivery.destination) waits"
      }
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func aHostIsKnownUntilItLeaves(kind: LedgerKind) async throws {
    let ledger = try LedgerSite(kind).open()
    try await ledger.show("b", for: .seconds(60), at: .at(0))
    try await ledger.show("a", for: .seconds(60), at: .at(5))
    try await ledger.show("b", for: .seconds(60), at: .at(10))
    var hosts = try await ledger.hosts()
    #expect(hosts.map(\.name) == ["a", "b"] && hosts.map(\.seen) == [.at(5), .at(10)])
    #expect(hosts.allSatisfy { $0.destinations.isEmpty && $0.files == 0 && $0.deliveries == 0 })
    // While it is there nobody looks after what it has; where it is silent, somebody does, and it is known still.
    #expect(
      try await ledger.takeOn(Duty.presence(of: "a"), by: "b for a", for: .seconds(60), at: .at(60)) == false)
    #expect(try await ledger.takeOn(Duty.presence(of: "a"), by: "b for a", for: .seconds(60), at: .at(70)))
    try await ledger.layDown(Duty.presence(of: "a"), by: "b for a", at: .at(71))
    #expect(try await ledger.hosts().map(\.seen) == [.at(5), .at(10)])
    // What one does for another isn't taken from it by its waking, which is seen all the same.
    #expect(try await ledger.takeOn(Duty.presence(of: "a"), by: "b for a", for: .seconds(60), at: .at(72)))
    try await ledger.show("a", for: .seconds(60), at: .at(73))
    #expect(try await ledger.duties().first { $0.name == Duty.presence(of: "a") }?.holder == "b for a")
    #expect(try await ledger.hosts()[0].seen == .at(73))
    try await ledger.leave("b", at: .at(80))
    hosts = try await ledger.hosts()
    #expect(hosts.map(\.name) == ["a"])
    #expect(try await ledger.duties().map(\.holder) == ["b for a"])
  }

  @Test(arguments: LedgerKind.allCases)
  func whatAHostHasInHandIsCounted(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    _ = try await ledger.admit([.file(3), .file(4)], at: .at(21))
    for name in ["a", "b"] { try await ledger.show(name, for: .seconds(60), at: .at(40)) }
    _ = try #require(await ledger.claim(at: .at(41), by: "a"))
    _ = try #require(
      try await ledger.nextDeliveries(
        to: "pacs", by: "b", limit: 9, order: .fair, for: .seconds(60), at: .at(41)))
    let hosts = try await ledger.hosts()
    #expect(hosts.map(\.files) == [1, 0] && hosts.map(\.deliveries) == [0, 2])
  }

  @Test(arguments: LedgerKind.allCases)
  func aDestinationThatAnotherHostKnowsIsLeftToIt(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    #expect(try await ledger.serve(["pacs", "web"], by: "a", at: .at(30)) == UnservedDestinations())
    let unserved = try await ledger.serve(["web"], by: "b", at: .at(31))
    #expect(unserved.parked == [] && unserved.left == ["pacs": ["a"]])
    #expect(try await states(ledger) == ["pacs waits", "web waits"])
    #expect(try await ledger.hosts().map(\.destinations) == [["pacs", "web"], ["web"]])
    // A host that fell silent comes back, as far as one knows.
    #expect(try await ledger.serve(["web"], by: "b", at: .at(7_000)).left == ["pacs": ["a"]])
    // It knows them no more.
    #expect(try await ledger.serve([], by: "a", at: .at(7_001)).parked == ["pacs"])
    #expect(try await states(ledger) == ["pacs parked", "web waits"])
    // Whoever knows it again lets it go.
    #expect(try await ledger.serve(["pacs"], by: "c", at: .at(7_002)).left == ["web": ["b"]])
    #expect(try await states(ledger) == ["pacs waits", "web waits"])
    // One that left is asked for no more, and neither is one that was silent for a day.
    try await ledger.leave("b", at: .at(7_003))
    #expect(try await ledger.serve(["pacs"], by: "c", at: .at(7_004)).parked == ["web"])
    #expect(try await ledger.serve([], by: "d", at: .at(7_004 + 86_401)).parked == ["pacs"])
    // It counts again, with where it delivers, as soon as it is heard of; after a month it is forgotten.
    try await ledger.show("c", for: .seconds(60), at: .at(7_004 + 86_402))
    #expect(try await ledger.serve([], by: "d", at: .at(7_004 + 86_403)) == UnservedDestinations())
    #expect(try await ledger.hosts().map(\.destinations) == [[], ["pacs"], []])
    _ = try await ledger.serve([], by: "d", at: .at(7_004 + 32 * 86_400))
    #expect(try await ledger.hosts().map(\.name) == ["d"])
  }

  /// What one says while another decides is heard by it, and the other way round.
  @Test(arguments: LedgerKind.allCases)
  func twoThatStartTogetherKnowOfEachOther(kind: LedgerKind) async throws {
    let ledger = try await ledger(kind)
    for round in 0..<20 {
      let time = Int64(30 + round * 10)
      async let first = ledger.serve(["pacs", "web"], by: "a", at: .at(time))
      async let second = ledger.serve(["web"], by: "b", at: .at(time))
      _ = try await (first, second)
      // Where "b" came first, "a" lets go again what it parked.
      #expect(try await states(ledger) == ["pacs waits", "web waits"])
      for host in ["a", "b"] { try await ledger.leave(host, at: .at(time + 1)) }
    }
  }
}
