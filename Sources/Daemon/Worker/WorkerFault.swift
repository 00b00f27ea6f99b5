import FoundationEssentials
import Glibc

/// Faults for the tests of crash recovery and of the sandbox: `MMDICOM_WORKER_FAULT=KIND:NAME` strikes at a file whose
/// name contains NAME. `crash` aborts, `hang` stands still, `spin` computes without end, `memory` takes memory without
/// end; `connect`, `execute`, `signal`, `write` and `read` try what a worker mustn't, and say on standard error what
/// came of it. Does nothing without that variable.
enum WorkerFault {
  private static let setting = ProcessInfo.processInfo.environment["MMDICOM_WORKER_FAULT"]

  static func strike(_ path: String) {
    guard let parts = setting?.split(separator: ":", maxSplits: 1), parts.count == 2 else { return }
    guard path.split(separator: "/").last?.contains(parts[1]) == true else { return }
    switch parts[0] {
    case "crash": abort()
    case "hang": while true { sleep(1) }
    case "spin": while true { _ = getppid() }
    case "memory": takeMemory()
    case "connect": tell("connect", connected())
    case "execute": tell("execute", unsafe posix_spawn(nil, "/bin/true", nil, nil, [nil], nil))
    case "signal": tell("signal", kill(getppid(), 0) == 0 ? 0 : errno)
    case "write":
      // Beside the source, and where everybody may.
      for place in [path + ".escaped", "/tmp/mmdicom.escaped"] {
        tell("write", opened(place, O_WRONLY | O_CREAT))
        unsafe unlink(place)
      }
    case "read":
      for place in ["/etc/passwd", "/root", "/tmp", "/proc/1/environ"] {
        tell("read", opened(place, O_RDONLY))
      }
    default: break
    }
  }

  private static func tell(_ what: String, _ code: Int32) {
    ErrorOutput.say("fault \(what): \(code == 0 ? "allowed" : WorkerSandbox.text(of: code))")
  }

  private static func opened(_ path: String, _ flags: Int32) -> Int32 {
    let descriptor = unsafe open(path, flags, 0o600)
    guard descriptor >= 0 else { return errno }
    close(descriptor)
    return 0
  }

  private static func connected() -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    close(descriptor)
    return 0
  }

  private static func takeMemory() {
    var taken: [[UInt8]] = []
    while true { taken.append([UInt8](repeating: 1, count: 16 << 20)) }
  }
}
