import Files
package import FoundationEssentials
import Glibc

/// A folder whose file system must not run full.
package enum GuardedFolder: String, Sendable, CaseIterable, CodingKey {
  case spool, outbox, ledger

  package func place(in folders: InboxFolders) -> URL {
    switch self {
    case .spool: folders.spool
    case .outbox: folders.outbox
    case .ledger: folders.ledger
    }
  }
}

/// Stops the intake when a disk is fuller than one mark, and lets it go on when all are emptier than another. Pure.
package struct DiskGuard: Sendable, Equatable {
  /// Why nothing is taken in.
  package struct Reason: Sendable, Equatable, CustomStringConvertible {
    package let folder: GuardedFolder
    package let usedPercent: Double
    package let resume: Double

    package var description: String {
      "the disk of \(folder.rawValue) is \(DiskGuard.text(usedPercent)) full; files are taken in again below "
        + DiskGuard.text(resume)
    }

    /// For a run that doesn't wait.
    var failure: WriteFailure { WriteFailure(path: folder.rawValue, message: description) }
  }

  package enum Change: Sendable, Equatable {
    case shut(Reason)
    case opened
  }

  private let stop: Double
  private let resume: Double
  /// Whether files are taken in.
  package private(set) var isOpen = true

  /// - Parameters:
  ///   - stop: percent in use above which nothing is taken in; 100: never.
  ///   - resume: percent in use below which it goes on.
  package init(stop: Double, resume: Double) { (self.stop, self.resume) = (stop, resume) }

  /// Judges what is in use; nil while nothing changes.
  package mutating func look(_ use: [(folder: GuardedFolder, percent: Double)]) -> Change? {
    guard let fullest = use.max(by: { $0.percent < $1.percent }) else { return nil }
    if isOpen, fullest.percent > stop {
      isOpen = false
      return .shut(Reason(folder: fullest.folder, usedPercent: fullest.percent, resume: resume))
    }
    if !isOpen, fullest.percent < resume {
      isOpen = true
      return .opened
    }
    return nil
  }

  package static func text(_ percent: Double) -> String { "\((percent * 10).rounded(.down) / 10) %" }
}
