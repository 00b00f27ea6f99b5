import Files
import FoundationEssentials
import Glibc
import Ledger
package import StatusPage
import SystemPackage

/// Answers what the status page asks of a study, and does what somebody wants there. Blocks for disks, and so on a thread
/// of its own.
package actor LedgerDesk: StudyDesk {
  private nonisolated let executor = QueueExecutor("desk")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// Larger pictures aren't shown.
  private static let largestPreview = 32 << 20
  /// Files of a study that are shown.
  private static let mostFiles = 50

  private let visit: LedgerVisit

  package init(_ visit: LedgerVisit) { self.visit = visit }

  package func study(_ name: StudyName) async throws -> StudyView? {
    var records = try await visit.ledger.instances(
      LedgerVisit.selection(name.text), after: 0, limit: Self.mostFiles)
    guard let first = records.first else { return nil }
    // The whole study, by whichever of its files it is called.
    if !first.studyInstanceUID.isEmpty {
      records = try await visit.ledger.instances(
        .uid(first.studyInstanceUID), after: 0, limit: Self.mostFiles)
    }
    var files: [StudyView.File] = []
    for record in records { files.append(try await file(record)) }
    return StudyView(
      studyInstanceUID: first.studyInstanceUID, patient: try await visit.ledger.patientID(of: first.id),
      files: files)
  }

  private func file(_ record: InstanceRecord) async throws -> StudyView.File {
    let all = try await visit.explanation(of: record)
    let previews = try await visit.ledger.results(of: record.id).filter {
      $0.kind == "preview" && !$0.isSuperseded
    }
    return StudyView.File(
      tag: all.file, name: all.name, sopInstanceUID: all.sopInstanceUID, state: all.state,
      reason: all.reason ?? "", came: all.came, finished: all.finished ?? "", timesSeen: all.timesSeen,
      attempts: all.events.count { $0.event == "claimed" }, previews: previews.map(\.id),
      chain: all.chain.map { link in
        let superseded = link.isSuperseded == true ? " (superseded)" : ""
        return StudyView.Link(
          step: link.kind.map { "result \($0)" } ?? link.step, sha256: link.sha256,
          detail: link.path.map { $0 + superseded } ?? "")
      },
      deliveries: all.deliveries.map {
        StudyView.Delivery(kind: $0.kind, destination: $0.destination, state: $0.state, answer: $0.answer)
      },
      events: all.events.map { StudyView.Event(at: $0.at, event: $0.event, detail: $0.detail) })
  }

  package func preview(of result: Int64) async throws -> [UInt8]? {
    guard let record = try await visit.ledger.result(result), record.kind == "preview" else { return nil }
    let folder = record.isSuperseded ? visit.folders.superseded : visit.folders.outbox
    let path = FilePath(of: folder).pushing(FilePath(bytes: record.path))
    guard let status = path.status(followingLink: false), status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= Self.largestPreview,
      let data = FileManager.default.contents(atPath: path.string),
      // Only what was written as this result: it is the page's, and no other file of the outbox.
      ContentDigest(of: data) == record.content
    else { return nil }
    return Array(data)
  }

  package func retry(_ choice: Choice) async throws -> Int {
    switch choice {
    case .named(let name): try await visit.retry(name.text, reason: nil, accepting: false).count
    case .reason(let reason): try await visit.retry(nil, reason: reason, accepting: false).count
    }
  }

  package func dismiss(_ choice: Choice) async throws -> Int {
    let selection: Selection =
      switch choice {
      case .named(let name): LedgerVisit.selection(name.text)
      case .reason(let reason): .reason(reason)
      }
    var count = 0
    // One after the other: who reads waits for no longer than for one of them.
    try await visit.eachInstance(of: selection) { record in
      // Of two pictures under one UID the newcomer is given up; anything else is seen, and stays where it is.
      count += try await visit.ledger.dismiss(.instance(record.id), at: .now).count
      count += try await visit.ledger.acknowledge(.instance(record.id), at: .now).count
    }
    return count
  }
}
