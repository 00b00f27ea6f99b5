import ArgumentParser
import DICOM
import DICOMNetwork
import Daemon
import Files
import FoundationEssentials

/// `mmdicom send`: sends DICOM files to a node.
struct SendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send",
    abstract: "Send DICOM files, and folders with all that lies in them, to a node (C-STORE).",
    discussion: """
      Files go as they are; where the node doesn't take their transfer syntax, it gets a decoded copy. A file has \
      been taken only when the node has said so. Exit status: 0 all were taken, 1 some weren't (each is named), 64 \
      usage, 66 an input is missing.
      """)

  @Argument(help: ArgumentHelp("DICOM files or folders.", valueName: "path")) var paths: [String]
  @Option(help: ArgumentHelp("dicom://AETITLE@HOST:PORT, or dicom-tls://.", valueName: "address"))
  var to: String
  @OptionGroup var node: NodeOptions
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard !paths.isEmpty else { throw ValidationError("name at least one file or folder") }
  }

  func run() throws {
    let sending: Sending
    do {
      sending = Sending(
        try DICOMAddress(to), node.association, try AnalysisInputs(ArgumentBytes.paths(paths)))
    } catch {
      let failure = CommandFailure(error)
      Terminal.complain(failure.description)
      throw ExitCode(failure.status.rawValue)
    }
    let progress = ProgressLine()
    progress.begin("send")
    var done = 0
    let outcomes = sending.run { outcome in
      done += 1
      if let why = outcome.complaint { progress.note("mmdicom: \(outcome.path): \(why)") }
      progress.update(done, of: sending.count)
    }
    progress.finish()
    let failed = outcomes.count { !$0.isTaken }
    if json {
      Terminal.result(JSONDocument.text(SendDocument(address: to, outcomes)) + "\n")
    } else {
      Terminal.result("\(outcomes.count - failed) sent, \(failed) failed; to \(sending.address)\n")
    }
    guard failed == 0 else { throw ExitCode.someInputsFailed }
  }
}

/// What is printed with `--json`.
private struct SendDocument: Encodable {
  let address: String
  let sent: Int
  let failed: Int
  let files: [SendOutcome]

  init(address: String, _ files: [SendOutcome]) {
    self.address = address
    sent = files.count(where: \.isTaken)
    failed = files.count - sent
    self.files = files
  }
}

/// What became of a file.
struct SendOutcome: Encodable {
  let path: String
  var sopInstanceUID: String?
  /// Four hexadecimal digits, where the node answered.
  var status: String?
  var transferSyntax: String?
  /// Of the node.
  var comment: String?
  /// Short coded reason, and words.
  var reason: String?
  var error: String?
  var isTaken = false

  init(path: String) { self.path = path }

  enum CodingKeys: String, CodingKey {
    case path, status, comment, reason, error
    case sopInstanceUID = "sop_instance_uid"
    case transferSyntax = "transfer_syntax"
  }

  /// One line for people, where something isn't as it should be.
  var complaint: String? {
    if let error { return "\(error) [\(reason ?? "failed")]" }
    guard let status, status != DIMSEStatus.success.description else { return nil }
    let words = comment.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
    return isTaken ? "taken with warning \(status)\(words)" : "refused with status \(status)\(words)"
  }
}
