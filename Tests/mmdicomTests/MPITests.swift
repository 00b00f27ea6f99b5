import Foundation
import Glibc
import NeuralNetworks
import TestSupport
import Testing

/// What starts the program as several processes.
private enum Launcher {
  /// Nil where the program can't be started by it.
  static let mpirun: URL? = {
    guard let program = Program.url, let ldd = TestEnvironment.tool("ldd"),
      let libraries = try? TestEnvironment.run(ldd, [program.path]), libraries.output.contains("libmpi.so")
    else { return nil }
    return TestEnvironment.tool("mpirun")
  }()
}

/// `mmdicom train` as several processes, started by Open MPI.
@Suite(
  "mpirun mmdicom train",
  .enabled(if: Launcher.mpirun != nil, "the program isn't built with MPI, or there is no mpirun"),
  .serialized)
struct MPITests {
  private let program: Program
  private let path: String

  init() throws {
    program = try Program()
    path = try #require(Program.url).path
  }

  /// Twelve phantoms in `archive`, and a configuration whose steps take a moment.
  private func prepare() async throws {
    let outcome = try await program.run(
      "archive", "phantom", "--output", "archive", "--count", "12", "--size", "96")
    try #require(outcome.status == 0, "\(outcome.complaints)")
    try program.write(
      """
      {"widths": [16, 16, 32], "emaDecay": 0.9, "validateEvery": 20, "checkpointEvery": 5,
       "batch": {"segmentation": 3, "segmentationUnlabelled": 3, "classification": 4, "unlabelled": 3}}
      """, "small.json")
  }

  private func train(_ output: String, _ more: [String] = []) -> [String] {
    [
      "train", "--archive", "archive", "--cache", "cache", "--output", output, "--config", "small.json",
      "--stages", "64x40",
    ] + more
  }

  /// - Parameters:
  ///   - arguments: of `mpirun`.
  ///   - isEnough: looked at again and again; whoever says so ends the job in some way.
  private func mpirun(_ arguments: [String], until isEnough: (@Sendable () -> Bool)? = nil) async throws
    -> Program.Outcome
  {
    try await program.run(
      ["--oversubscribe", "--bind-to", "none"] + arguments,
      environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
      launcher: Launcher.mpirun, signal: 0, until: isEnough)
  }

  private func mpirun(_ ranks: Int, _ arguments: [String]) async throws -> Program.Outcome {
    try await mpirun(["-n", "\(ranks)", path] + arguments)
  }

  /// What the program says, without the launcher's words.
  private func complaints(_ outcome: Program.Outcome) -> [Substring] {
    outcome.complaints.split(separator: "\n").filter { $0.hasPrefix("mmdicom: ") }
  }

  private func model(_ output: String) throws -> Data {
    try Data(contentsOf: program.folder.appending(path: "\(output)/model.safetensors"))
  }

  private func steps(_ output: String) -> Int {
    program.read("\(output)/log.csv").split(separator: "\n").count - 1
  }

  /// The process that trains as a rank into a folder.
  private static func process(ofRank rank: Int, writing output: String, in folder: URL) -> pid_t? {
    let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap {
      pid_t($0)
    }
    return pids.first { pid in
      func strings(_ name: String) -> [Substring] {
        let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/\(name)") ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\0")
      }
      let cwd = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
      return cwd == folder.resolvingSymlinksInPath().path && strings("cmdline").contains(Substring(output))
        && strings("environ").contains("OMPI_COMM_WORLD_RANK=\(rank)")
    }
  }

  /// Sends a signal to a rank once the job has taken so many steps.
  private func mpirun(
    _ ranks: Int, _ arguments: [String], sending signal: Int32, toRank rank: Int, afterStep step: Int,
    writing output: String
  ) async throws -> Program.Outcome {
    try await mpirun(["-n", "\(ranks)", path] + arguments) { [program] in
      guard program.read("\(output)/log.csv").split(separator: "\n").count - 1 >= step,
        let pid = Self.process(ofRank: rank, writing: output, in: program.folder)
      else { return false }
      kill(pid, signal)
      return true
    }
  }

  @Test("one model file, byte for byte: 1 rank with 2 threads, 2 ranks, 4 ranks; killed, stopped and resumed")
  func sameBytes() async throws {
    try await prepare()
    let one = try await program.run(train("one", ["--threads", "2"]))
    try #require(one.status == 0, "\(one.complaints)")
    for ranks in [2, 4] {
      let outcome = try await mpirun(ranks, train("ranks\(ranks)", ["--threads", "1"]))
      #expect(outcome.status == 0, "\(outcome.complaints)")
      #expect(
        outcome.output == program.folder.appending(path: "ranks\(ranks)/model.safetensors").path + "\n"
          || outcome.output.hasSuffix("ranks\(ranks)/model.safetensors\n"))
      #expect(try model("ranks\(ranks)") == model("one"))
      #expect(steps("ranks\(ranks)") == 40)
    }

    let killed = try await mpirun(
      2, train("parts", ["--threads", "1"]), sending: SIGKILL, toRank: 1, afterStep: 8, writing: "parts")
    #expect(killed.status != 0)
    #expect(!program.exists("parts/model.safetensors") && program.exists("parts/checkpoint.safetensors"))
    let stopped = try await mpirun(
      4, train("parts", ["--threads", "1", "--resume"]), sending: SIGTERM, toRank: 3, afterStep: 14,
      writing: "parts")
    #expect(stopped.status == 1)
    #expect(complaints(stopped) == ["mmdicom: stopped after a whole step; --resume goes on from there"])
    let last = try await program.run(train("parts", ["--resume"]))
    #expect(last.status == 0 && last.complaints.contains("resumed after step "), "\(last.complaints)")
    #expect(try model("parts") == model("one"))
  }

  @Test("ranks that don't belong together are told apart, each in one line")
  func differences() async throws {
    try await prepare()
    try FileManager.default.copyItem(
      at: program.folder.appending(path: "archive"), to: program.folder.appending(path: "other"))
    let labels = program.read("other/labels.csv")
    try program.write(labels.replacing("normal", with: ""), "other/labels.csv")
    let copy = program.folder.appending(path: "mmdicom")
    try FileManager.default.copyItem(atPath: path, toPath: copy.path)
    let handle = try FileHandle(forWritingTo: copy)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0]))
    try handle.close()

    let common = train("run", ["--threads", "1"])
    let cases: [(String, [String], Int32, String)] = [
      (path, common + ["--seed", "2"], 78, "rank 1 on .* has another configuration"),
      (
        path, common.map { $0 == "archive" ? "other" : $0 == "cache" ? "cache2" : $0 }, 65,
        "rank 1 on .* sees another archive"
      ),
      (copy.path, common, 65, "rank 1 on .* runs another program"),
      (path, common + ["--initial", "random.safetensors"], 65, "rank 1 on .* begins with another model"),
      ("env", ["MMDICOM_KERNELS=portable", path] + common, 65, "rank 1 on .* has other kernels"),
      (path, common.map { $0 == "archive" ? "nowhere" : $0 }, 66, "rank 1 on .*: nowhere: no such folder"),
    ]
    for (program, arguments, status, message) in cases {
      let outcome = try await mpirun(["-n", "1", path] + common + [":", "-n", "1", program] + arguments)
      #expect(outcome.status == status, "\(outcome.complaints)")
      let said = complaints(outcome)
      let expected = try Regex(message)
      #expect(said.count == 1 && said[0].contains(expected), "\(outcome.complaints)")
    }
    #expect(program.files("run").isEmpty)
  }

  @Test("what is wrong for all is said once; a number of ranks that isn't one of the tree's is refused")
  func refusals() async throws {
    try await prepare()
    let three = try await mpirun(3, train("run", ["--threads", "1"]))
    #expect(three.status == 78)
    #expect(complaints(three).count == 1 && complaints(three)[0].contains("3 ranks for 16 lanes"))
    let nowhere = try await mpirun(
      2, train("run").map { $0 == "archive" ? "nowhere" : $0 })
    #expect(nowhere.status == 66)
    #expect(complaints(nowhere) == ["mmdicom: nowhere: no such folder"])
    try program.write("", "file")
    let unwritable = try await mpirun(2, train("file/run", ["--threads", "1"]))
    #expect(unwritable.status == 73, "\(unwritable.complaints)")
    #expect(complaints(unwritable).count == 1 && complaints(unwritable)[0].contains("rank 0 on "))
  }

  @Test("a rank without its cache builds it; ranks of one folder share the work; leftovers are none")
  func caches() async throws {
    try await prepare()
    let common = train("shared", ["--threads", "1", "--stages", "32x4"])
    #expect(try await mpirun(2, common).status == 0)
    #expect(program.files("cache").sorted() == ["headers.json", "images-256.cache"])
    let own = train("own", ["--threads", "1", "--stages", "32x4"])
    let outcome = try await mpirun(
      ["-n", "1", path] + own + [":", "-n", "1", path] + own.map { $0 == "cache" ? "cache2" : $0 })
    #expect(outcome.status == 0, "\(outcome.complaints)")
    #expect(try model("own") == model("shared"))
    // Members of an object come in any order.
    let headers = try ["cache", "cache2"].map { cache in
      try JSONSerialization.jsonObject(with: Data(program.read("\(cache)/headers.json").utf8))
        as? NSDictionary
    }
    #expect(headers[0] != nil && headers[0] == headers[1])
  }

  @Test(
    "a rank whose own disk is full ends all with one line, and the next try goes on",
    .enabled(if: TestEnvironment.mountsDisks, "only root mounts a disk, and not in every container"))
  func aFullDisk() async throws {
    try await prepare()
    let own = train("run", ["--threads", "1", "--stages", "32x4"])
    let small = [
      "sh", "-c", "mkdir -p cache2 && mount -t tmpfs -o size=64k none cache2 && exec \"$0\" \"$@\"", path,
    ]
    let outcome = try await mpirun(
      ["-n", "1", path] + own + [":", "-n", "1", "unshare", "-m"] + small
        + own.map { $0 == "cache" ? "cache2" : $0 })
    #expect(outcome.status == 73, "\(outcome.complaints)")
    let said = complaints(outcome)
    #expect(
      said.count == 1 && said[0].contains("rank 1 on ") && said[0].contains("cache2"), "\(outcome.complaints)"
    )
    #expect(program.files("run").isEmpty)
    #expect(try await mpirun(2, own).status == 0)
  }

  @Test("processes that don't find each other train nothing")
  func strangers() async throws {
    try await prepare()
    let outcome = try await program.run(train("run"), environment: ["SLURM_STEP_NUM_TASKS": "4"])
    #expect(outcome.status == 78)
    #expect(complaints(outcome).count == 1 && complaints(outcome)[0].contains("one of 4 processes"))
    #expect(program.files("run").isEmpty)
  }
}
