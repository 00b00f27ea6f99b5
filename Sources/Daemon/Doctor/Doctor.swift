import Analysis
import Files
import FoundationEssentials
import Glibc
import Ledger
import StatusPage
import SystemPackage

/// Looks at everything that the daemon needs, with the rights of who asks (``ServiceUser``), and changes nothing: also beside a
/// daemon that runs.
public struct Doctor: Sendable {
  let configuration: DaemonConfiguration
  /// Whose rights it has.
  let user = ServiceUser.present
  /// Where the model is; nil with why it can't be found.
  private let model: Result<String, ConfigurationFailure>

  /// - Parameters:
  ///   - model: the model file that would serve, or why there is none.
  public init(_ configuration: DaemonConfiguration, model: String?, whyNot: String = "") {
    self.configuration = configuration
    self.model = model.map { .success($0) } ?? .failure(ConfigurationFailure(whyNot))
  }

  /// Every examination, in the order of the way of a file.
  public func examine() async -> [Examination] {
    var all: [Examination] = []
    all += folders()
    all += disks()
    all.append(clock())
    all += modelFile()
    all += files()
    all += await ledger()
    all += ports()
    all += await peers()
    all += memory()
    return all
  }

  // MARK: Folders

  private func folders() -> [Examination] {
    configuration.folders.named.map { name, folder in
      let (subject, path) = ("folder \(name)", FilePath(of: folder))
      guard let status = path.status(followingLink: true) else {
        let above = folder.deletingLastPathComponent().path
        return unsafe access(above, W_OK | X_OK) == 0
          ? Examination(subject, .well, "\(folder.path) isn't there yet; the daemon makes it")
          : Examination(
            subject, .ill, "\(folder.path) isn't there, and can't be made in \(above)",
            remedy: "mkdir -p \(folder.path) as root, and chown it to the daemon's user")
      }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        return Examination(
          subject, .ill, "\(folder.path) is no folder",
          remedy: "move it away, or change \(name) in the configuration")
      }
      guard unsafe access(folder.path, R_OK | W_OK | X_OK) == 0 else {
        let why = unsafe String(cString: strerror(errno))
        return Examination(
          subject, .ill, "\(folder.path): \(why) (as \(user.name))",
          remedy: why == "Read-only file system"
            ? "as a service: ReadWritePaths=\(folder.path) in a drop-in (systemctl edit mmdicom)"
            : "chown \(user.name) \(folder.path), if that is the daemon's user; or ask as root")
      }
      if name == "inbox", status.st_mode & 0o020 == 0 {
        return Examination(
          subject, .doubtful,
          "\(folder.path) can't be written by its group: nobody but its owner can drop studies",
          remedy: "chmod 2770 \(folder.path)")
      }
      if name == "ledger", status.st_mode & 0o007 != 0 {
        return Examination(
          subject, .doubtful, "\(folder.path) is open to everybody; rows hold UIDs and names of files",
          remedy: "chmod 750 \(folder.path)")
      }
      return Examination(subject, .well, folder.path)
    }
  }

  private func disks() -> [Examination] {
    GuardedFolder.allCases.map { guarded in
      let (subject, folder) = ("disk of \(guarded.rawValue)", guarded.place(in: configuration.folders))
      guard let used = FreeSpace.usedPercent(at: nearest(folder)) else {
        return Examination(subject, .doubtful, "what is in use of it can't be told")
      }
      let words =
        "\(DiskGuard.text(used)) in use; intake stops above \(DiskGuard.text(configuration.diskStopPercent))"
      let remedy = "make room, let old images go (keep_days and its like), or raise disk_stop_percent"
      if used > configuration.diskStopPercent { return Examination(subject, .ill, words, remedy: remedy) }
      if used > configuration.diskStopPercent - 5 {
        return Examination(subject, .doubtful, words, remedy: remedy)
      }
      return Examination(subject, .well, words)
    }
  }

  /// The nearest folder above that is there.
  private func nearest(_ folder: URL) -> FilePath {
    var path = FilePath(of: folder)
    while path.status(followingLink: true) == nil, path.removeLastComponent() {}
    return path
  }

  // MARK: Clock, model

  private func clock() -> Examination {
    let remedy = "timedatectl set-ntp true, or install chrony"
    // A clock that says a year before this program was written is wrong whatever anybody keeps.
    guard Timestamp.now.milliseconds > 1_760_000_000_000 else {
      return Examination("clock", .ill, "it says \(Timestamp.now.text)", remedy: remedy)
    }
    // The kernel knows whether somebody keeps its clock right.
    return switch KeptClock.isKept {
    case false?:
      Examination(
        "clock", .doubtful, "\(Timestamp.now.text); nobody keeps it right (not synchronised)", remedy: remedy)
    case true?: Examination("clock", .well, "\(Timestamp.now.text), synchronised")
    case nil: Examination("clock", .well, Timestamp.now.text)
    }
  }

  private func modelFile() -> [Examination] {
    let path: String
    switch model {
    case .success(let found): path = found
    case .failure(let why):
      return [Examination("model", .ill, "\(why)", remedy: "install one: bash etc/install.sh --model FILE")]
    }
    if let access = FileAccess(path, by: user) {
      return [Examination("model", .ill, access.finding, remedy: access.remedy)]
    }
    // As a worker does, and it says what it is.
    let summary: ModelSummary
    do throws(ModelRefusal) { summary = try ModelSummary(ofFileAt: URL(filePath: path)) } catch {
      return [
        Examination(
          "model", .ill, "\(error)", remedy: "install the model that is meant; mmdicom model verify")
      ]
    }
    if let pin = configuration.modelSHA256, pin != summary.sha256 {
      return [
        Examination(
          "model", .ill, "\(path) has the SHA-256 \(summary.sha256), and model_sha256 asks for \(pin)",
          remedy: "install the model that is meant, or correct model_sha256")
      ]
    }
    return [Examination("model", .well, "\(path), SHA-256 \(summary.sha256) (\(summary.name))")]
  }

  // MARK: Ledger

  private func ledger() async -> [Examination] {
    let file = configuration.database?.description ?? configuration.folders.ledgerFile.path
    guard configuration.database != nil || FileManager.default.fileExists(atPath: file) else {
      return [Examination("ledger", .well, "\(file) isn't there yet; the daemon makes it")]
    }
    do {
      let visit = try LedgerVisit(configuration)
      let status = try await visit.status()
      var all = [
        Examination(
          "ledger", .well, "\(file) answers: \(status.queued) queued, \(status.analysed) analysed")
      ]
      for (part, why) in status.paused.sorted(by: { $0.key < $1.key }) {
        all.append(
          Examination(part, .ill, "pauses: \(why)", remedy: "it goes on by itself once that is mended"))
      }
      if status.parked > 0 {
        all.append(
          Examination(
            "queue", .doubtful, "\(status.parked) files wait for a person",
            remedy: "mmdicom status names the reasons; mmdicom retry"))
      }
      if status.deliveries.failed > 0 {
        all.append(
          Examination(
            "deliveries", .doubtful, "\(status.deliveries.failed) were given up",
            remedy: "mmdicom explain UID has the destination's answer; mmdicom retry once that is mended"))
      }
      return all
    } catch let failure as LedgerFailure {
      let remedy =
        switch failure.kind {
        case .missing: "start the daemon"
        case .unusable: "restore a backup, or mmdicom serve --rebuild-ledger"
        case .inaccessible: "ask as root, or as the daemon's user: sudo mmdicom doctor"
        }
      return [Examination("ledger", .ill, "\(failure)", remedy: remedy)]
    } catch {
      return [Examination("ledger", .ill, "\(error)", remedy: "ask as the daemon's user")]
    }
  }

  private func memory() -> [Examination] {
    let wanted = configuration.workers * configuration.workerLimits.memory
    let pages = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard wanted > 0, pages > 0 else { return [] }
    let words =
      "\(configuration.workers) workers may take \(wanted >> 20) MB of \(pages >> 20) MB"
    return [
      wanted > pages
        ? Examination(
          "memory", .doubtful, words,
          remedy: "fewer workers, or a lower worker_memory_mb (a worker needs 1024 at least)")
        : Examination("memory", .well, words)
    ]
  }
}
