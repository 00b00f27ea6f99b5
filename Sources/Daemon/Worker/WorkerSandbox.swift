import CSandbox
import Files
import Glibc
import SystemPackage

/// Shuts a worker in: it opens strangers' files, and what such a file makes of it mustn't get further than a result
/// that is wrong.
///
/// In two steps. Landlock and limits bind a thread and what it executes, and libraries have started threads before the
/// first line of this program runs: so the worker submits to them and executes itself anew. Inside, a filter of system
/// calls is laid over all threads, once nothing needs to be executed any more.
enum WorkerSandbox {
  /// What every program may read, its libraries' data among it: no configuration, and nobody's files. Swift looks for its
  /// arguments in /proc, and Dispatch for its threads; what another process holds there, memory and environment, is
  /// for its tracers, and who is shut in traces nobody outside.
  private static let systemFiles = [
    "/proc", "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/fonts", "/etc/dcmtk",
    "/etc/localtime",
    "/etc/timezone", "/var/cache/fontconfig", "/sys/devices/system/cpu",
    "/dev/zero", "/dev/urandom", "/dev/random",
  ]
  /// What names of machines and certificates are looked up in.
  private static let networkFiles = [
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/services",
    "/run/systemd/resolve", "/run/resolvconf", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
  ]

  // MARK: From outside

  /// Reads from standard input what is allowed, submits to it and executes the program anew with `--confined`. What the
  /// system doesn't offer is named to the new one, and the rest holds.
  /// - Parameters:
  ///   - model: the file that is read beside.
  ///   - passing: further arguments for the new one.
  /// - Returns: only where the program can't be executed: why.
  static func enter(model: FilePath?, limits: WorkerLimits, passing: [String] = []) -> String {
    guard let confinement = receive() else { return "the first line doesn't say which files may be read" }
    var lacks: [String] = []
    func note(_ what: String, _ code: Int32) {
      if code != 0 { lacks.append("\(what) (\(text(of: code)))") }
    }
    note("no memory dumps", limit(RLIMIT_CORE, 0))
    note("a limit of file size", limit(RLIMIT_FSIZE, WorkerLimits.fileSize))
    if limits.memory > 0 {
      // What is written to counts, not what is only reserved: stacks and arenas of threads take far more addresses than
      // memory.
      note("a limit of memory", limit(RLIMIT_DATA, limits.memory))
    }
    note("being killed first when memory is short", beKilledFirst())
    note("giving up capabilities", sandbox_drop_capabilities())
    note("no new privileges", sandbox_no_new_privileges())
    let version = sandbox_landlock_version()
    note("Landlock", version > 0 ? submit(to: confinement, model: model, version: version) : ENOSYS)
    let arguments = CommandLine.arguments + ["--confined"] + passing + lacks.flatMap { ["--lacks", $0] }
    return "can't execute itself: \(text(of: execute(arguments)))"
  }

  private static func receive() -> WorkerConfinement? {
    // Byte by byte: what comes behind belongs to the program that is executed.
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while unsafe read(STDIN_FILENO, &byte, 1) == 1 {
      if byte == JSONLine.end { return JSONLine.message(in: line) }
      guard line.count < JSONLine.longest else { return nil }
      line.append(byte)
    }
    return nil
  }

  private static func limit(_ resource: __rlimit_resource, _ value: Int) -> Int32 {
    var limit = rlimit()
    let kind = __rlimit_resource_t(resource.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0 else { return errno }
    limit.rlim_max = min(limit.rlim_max, rlim_t(value))
    limit.rlim_cur = limit.rlim_max
    return unsafe setrlimit(kind, &limit) == 0 ? 0 : errno
  }

  /// When memory is short on the machine, a worker is what it can do without.
  private static func beKilledFirst() -> Int32 {
    let descriptor = unsafe open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT ? 0 : errno }
    defer { close(descriptor) }
    return unsafe "1000".utf8.withContiguousStorageIfAvailable {
      unsafe write(descriptor, $0.baseAddress, $0.count)
    } == 4
      ? 0 : errno
  }

  private static func submit(to confinement: WorkerConfinement, model: FilePath?, version: Int32) -> Int32 {
    var rules: Int32 = -1
    var code = unsafe sandbox_rules_begin(version, confinement.network, &rules)
    func allow(_ path: FilePath, _ rights: sandbox_right...) {
      guard code == 0 else { return }
      let rights = rights.reduce(0) { $0 | Int32($1.rawValue) }
      code = unsafe path.withPlatformString { unsafe sandbox_rules_allow(rules, version, $0, rights) }
    }
    for path in systemFiles { allow(FilePath(path), SANDBOX_READ, SANDBOX_EXECUTE) }
    if confinement.network != 0 {
      for path in networkFiles { allow(FilePath(path), SANDBOX_READ) }
    }
    allow("/proc/self/exe", SANDBOX_READ, SANDBOX_EXECUTE)
    if code == 0 {
      code = sandbox_rules_allow_mapped(
        rules, version, Int32(SANDBOX_READ.rawValue | SANDBOX_EXECUTE.rawValue))
    }
    allow("/dev/null", SANDBOX_READ, SANDBOX_WRITE)
    for path in confinement.readable { allow(FilePath(text: path), SANDBOX_READ) }
    if let model { allow(model, SANDBOX_READ) }
    for path in confinement.writable { allow(FilePath(text: path), SANDBOX_READ, SANDBOX_WRITE) }
    if code == 0 { code = sandbox_rules_enter(rules) } else { close(rules) }
    return code
  }

  private static func execute(_ arguments: [String]) -> Int32 {
    var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
    unsafe execv("/proc/self/exe", &pointers)
    return errno
  }

  // MARK: Inside

  /// Lays the filter over all threads.
  /// - Parameters:
  ///   - connects: whether connections may be opened.
  ///   - listens: whether those that others open may be waited for.
  /// - Returns: what the system doesn't offer of it; empty where it holds.
  static func fence(connects: Bool = false, listens: Bool = false) -> [String] {
    let code = sandbox_filter_calls(WorkerConfinement.network(connects: connects, listens: listens))
    return code == 0 ? [] : ["a filter of system calls (\(text(of: code)))"]
  }

  static func text(of code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
