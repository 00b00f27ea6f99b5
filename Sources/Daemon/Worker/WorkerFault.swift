import FoundationEssentials
import Glibc

/// Faults for the tests of crash recovery: `MMDICOM_WORKER_FAULT=crash:NAME` makes a worker abort, and
/// `hang:NAME` makes it stand still, at a file whose name contains NAME. Does nothing without that variable.
enum WorkerFault {
  private static let setting = ProcessInfo.processInfo.environment["MMDICOM_WORKER_FAULT"]

  static func strike(_ path: String) {
    guard let parts = setting?.split(separator: ":", maxSplits: 1), parts.count == 2 else { return }
    guard path.split(separator: "/").last?.contains(parts[1]) == true else { return }
    switch parts[0] {
    case "crash": abort()
    case "hang": while true { sleep(1) }
    default: break
    }
  }
}
