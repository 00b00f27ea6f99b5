import FoundationEssentials
public import Logging

/// The daemon's log: plain lines on standard error; where that is systemd's journal, entries with fields
/// (see ``JournalLog``).
///
/// Nothing that identifies a patient is logged at `info` or above: neither file names nor UIDs (see
/// ``LogTag``). At `debug`, base names of files stand in the log, since hospitals often name files after
/// patients: keep `debug` for looking into a fault.
public enum ServiceLog {
  /// A logger for the service.
  public static func logger(_ level: Logger.Level) -> Logger {
    let isJournal = JournalLog.isStandardError(ProcessInfo.processInfo.environment["JOURNAL_STREAM"])
    var logger = Logger(label: "mmdicom") { label in
      let lines = StreamLogHandler.standardError(label: label)
      return isJournal ? JournalLog(otherwise: lines) : lines
    }
    logger.logLevel = level
    return logger
  }
}
