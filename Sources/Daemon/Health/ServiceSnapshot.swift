import Files
import FoundationEssentials
import Glibc
import Ledger
import SystemPackage

/// Everything that metrics and page are made of, gathered at one moment.
struct ServiceSnapshot: Sendable {
  /// Of a disk, in bytes.
  struct Disk: Sendable {
    var size: Double
    var free: Double
  }

  /// Of this process, as the kernel counts.
  struct Process: Sendable {
    var processorSeconds: Double
    var residentBytes: Double
    var openFiles: Int
    /// Since 1970, in seconds.
    var startedAt: Double
  }

  var at: Timestamp
  /// Whether the ledger answered; what it tells is unknown otherwise.
  var ledgerAnswers = false
  var status = ServiceStatus()
  var tallies: [DeliveryTally] = []
  var troubles: [LedgerTrouble] = []
  var figures = ServiceMeter.Figures()
  var disks: [(folder: String, disk: Disk)] = []
  var process: Process?
  var silent: [Heart.Part] = []
  var problems: [String] = []
  var served: ServedNow.Content?
  /// Requests over HTTP that were answered, by status.
  var answers: [Int: Int] = [:]
  var wrongTokens = 0
  /// What gathering the last one took, in seconds.
  var lastCost = 0.0

  var destinationNames: [String] { Set(tallies.map(\.destination)).sorted() }

  /// In milliseconds, of the result that waits longest for a destination; nil where none does.
  func longestWait(for destination: String) -> Int64? {
    tallies.filter { $0.destination == destination && $0.isWaiting }.map(\.oldest).min()
      .map { at.milliseconds - $0.milliseconds }
  }
}

extension ServiceSnapshot.Disk {
  /// Nil where that can't be told.
  init?(at folder: URL) {
    var status = statvfs()
    guard unsafe folder.path.withCString({ unsafe statvfs($0, &status) }) == 0 else { return nil }
    let unit = Double(status.f_frsize)
    self.init(size: Double(status.f_blocks) * unit, free: Double(status.f_bavail) * unit)
  }
}

extension ServiceSnapshot.Process {
  /// This process at present; nil where /proc can't be read.
  static func present() -> ServiceSnapshot.Process? {
    guard let text = try? String(contentsOf: URL(filePath: "/proc/self/stat"), encoding: .utf8),
      let end = text.lastIndex(of: ")"),
      let boot = try? String(contentsOf: URL(filePath: "/proc/stat"), encoding: .utf8)
        .split(separator: "\n").first(where: { $0.hasPrefix("btime ") }).flatMap({ Double($0.dropFirst(6)) })
    else { return nil }
    // proc(5): the fields behind the name, which may hold anything, from the third on.
    let fields = text[text.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return nil }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count ?? 0
    return ServiceSnapshot.Process(
      processorSeconds: (fields[11] + fields[12]) / ticks,
      residentBytes: fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))), openFiles: open,
      startedAt: boot + fields[19] / ticks)
  }
}
