import Analysis
import Files
import FoundationEssentials
package import Ledger
import StatusPage
import SystemPackage

/// Gathers how the daemon is, from time to time, and pins it up: whoever asks is answered from there.
///
/// Looks at the ledger and at folders that may lie on mounts which don't answer, and so on a thread of its own. Where
/// gathering takes long, as with tens of thousands of files that wait, it is done seldom: a four-hundredth of the time, but
/// every half minute.
package actor StatusGathering {
  private nonisolated let executor = QueueExecutor("status")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private static let interval = Duration.seconds(2)
  /// Well below what makes figures count as out of date.
  private static let longestInterval = Duration.seconds(30)
  /// Images and files that the page lists.
  private static let (listed, listedByReason) = (12, 20)

  private let configuration: DaemonConfiguration
  private let ledger: any OpenLedger
  private let health: ServiceHealth
  private var history = StatusHistory()
  private var lastCost = Duration.zero
  private var studies: [Int64: StatusView.Study] = [:]
  private var card: (sha256: String, text: String) = ("", "")

  package init(_ configuration: DaemonConfiguration, _ ledger: any OpenLedger, _ health: ServiceHealth) {
    (self.configuration, self.ledger, self.health) = (configuration, ledger, health)
  }

  /// Until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      await gather()
      try? await Task.sleep(for: min(Self.longestInterval, max(Self.interval, lastCost * 400)))
    }
  }

  /// Gathers once.
  package func gather() async {
    let begun = ContinuousClock.now
    let snapshot = await snapshot()
    let queued = snapshot.status.queued + snapshot.status.working
    history.note(
      queued: snapshot.ledgerAnswers ? queued : nil, ended: snapshot.figures.endings.values.reduce(0, +),
      at: begun)
    health.board.publish(
      PublishedStatus(problems: snapshot.problems, metrics: snapshot.metrics, view: await view(snapshot)))
    health.pulse.tell(snapshot.words)
    lastCost = begun.duration(to: .now)
  }

  private func snapshot() async -> ServiceSnapshot {
    var snapshot = ServiceSnapshot(at: .now)
    snapshot.figures = health.meter.now
    snapshot.silent = health.heart.silent()
    snapshot.served = health.served.now
    snapshot.answers = health.board.answers
    snapshot.wrongTokens = health.board.wrongTokens
    snapshot.process = .present()
    snapshot.lastCost = lastCost / .seconds(1)
    snapshot.problems = Readiness.problems(of: configuration.folders)
    if snapshot.served == nil { snapshot.problems.append("no model is loaded") }
    snapshot.problems += snapshot.silent.map { "\($0.rawValue) stands still" }
    for folder in GuardedFolder.allCases {
      guard let disk = ServiceSnapshot.Disk(at: folder.place(in: configuration.folders)) else { continue }
      snapshot.disks.append((folder.rawValue, disk))
    }
    let visit = LedgerVisit(configuration, ledger)
    snapshot.status = visit.surroundings()
    do {
      try await visit.look(&snapshot.status)
      snapshot.tallies = try await ledger.deliveryTallies()
      snapshot.troubles = try await ledger.troubles(limit: Self.listedByReason)
      snapshot.ledgerAnswers = true
    } catch {
      snapshot.problems.append("the ledger doesn't answer: \(error)")
    }
    for (part, why) in snapshot.status.paused.sorted(by: { $0.key < $1.key }) {
      snapshot.problems.append("\(part) pauses: \(why)")
    }
    return snapshot
  }

  // MARK: Page

  private func view(_ snapshot: ServiceSnapshot) async -> StatusView {
    var view = StatusView()
    view.version = SoftwareVersion.current
    view.problems = snapshot.problems
    view.tiles = snapshot.tiles
    view.isUnknown = !snapshot.ledgerAnswers
    let every = Int(StatusHistory.interval.components.seconds)
    let perMinute = history.perMinute
    view.plots = [
      PlotView(
        id: "queue", title: "Files that wait or are in work", values: history.queued, every: every,
        now: snapshot.ledgerAnswers ? "\(snapshot.status.queued + snapshot.status.working)" : "not known"),
      PlotView(
        id: "rate", title: "Images a minute", values: perMinute, every: every,
        now: PlotView.text(perMinute.last.flatMap(\.self) ?? 0)),
    ]
    view.studies = (try? await latest()) ?? []
    view.troubles = snapshot.troubles.map { trouble in
      StatusView.Trouble(
        reason: trouble.reason.isEmpty ? "no_reason" : trouble.reason, count: trouble.count,
        files: trouble.newest.map { record in
          StatusView.Trouble.File(
            tag: record.tag, state: record.state.words, came: record.admittedAt.text,
            name: FilePath(bytes: record.sender).text)
        })
    }
    view.destinations = snapshot.destinations
    if let served = snapshot.served {
      view.model = [
        .init("Name", served.name), .init("SHA-256", served.sha256), .init("File", served.origin),
        .init("Workers", "\(served.workers)"),
      ]
      view.card = card(of: served)
    }
    view.configuration = configuration.stated.map {
      StatusView.Pair($0.key, $0.value.isEmpty ? "(default)" : $0.value)
    }
    return view
  }

  private func latest() async throws -> [StatusView.Study] {
    var kept: [Int64: StatusView.Study] = [:]
    var list: [StatusView.Study] = []
    for record in try await ledger.latest(limit: Self.listed) {
      let finished = record.finishedAt?.text ?? ""
      let study: StatusView.Study
      if let known = studies[record.id], known.finished == finished {
        study = known
      } else {
        let preview = try await ledger.results(of: record.id).first {
          $0.kind == "preview" && !$0.isSuperseded
        }
        study = StatusView.Study(
          tag: record.tag, status: record.state.words, reason: record.reason, finished: finished,
          preview: preview?.id, patient: try await ledger.patientID(of: record.id))
      }
      kept[record.id] = study
      list.append(study)
    }
    studies = kept
    return list
  }

  /// What stands beside the model's file.
  private func card(of served: ServedNow.Content) -> String {
    if card.sha256 != served.sha256 {
      let file = URL(filePath: served.origin).deletingLastPathComponent().appending(path: "MODEL-CARD.md")
      card = (served.sha256, (try? String(contentsOf: file, encoding: .utf8)) ?? "")
    }
    return card.text
  }
}

extension StudyLedger {
  /// As the report's row of an image has it; empty where there is none.
  func patientID(of instance: Int64) async throws(LedgerError) -> String {
    guard let entry = try await reportRow(of: instance),
      let fields = CommaSeparatedValues(String(decoding: entry.record, as: UTF8.self)).records.first?.fields,
      let column = ReportRow.header.firstIndex(of: "patient_id"), column < fields.count
    else { return "" }
    return fields[column]
  }
}
