import Archive
import ArgumentParser
import Foundation
internal import Phantoms

/// `mmdicom archive`: what training and evaluation read from.
struct ArchiveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "archive", abstract: "Look into archives of radiographs, make, draw and copy them.",
    subcommands: [IndexCommand.self, ImportCommand.self, PhantomCommand.self, ExportCommand.self])
}

extension ArchiveCommand {
  /// `mmdicom archive index`: what is in an archive.
  struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "index", abstract: "List what an archive holds: images, labels, masks, problems.",
      discussion: """
        Reads headers only: a file that is cut short behind its header counts as sound unless --check decodes it. \
        Several archives are decoded all the same, into the cache of train and evaluate, so that a picture that two of \
        them hold is found. \
        Warns of whatever tells the finding beside the picture: a source with one finding, a view or an age that only one \
        has. Exit status: 0 no problems, 1 some (each is named), 65 or 66 archive or labels can't be used.
        """)

    @OptionGroup var access: ArchiveAccess

    @Flag(help: "Also decode every image and mask, and name those that are cut short or damaged.")
    var check = false

    @Flag(help: "Print one JSON document with every image.")
    var json = false

    func run() async throws {
      try await reportingFailure {
        let index = try access.archive.count == 1 ? readHeaders() : compare()
        for problem in index.problems { Terminal.complain("\(problem)") }
        for shortcut in index.shortcuts { Terminal.complain("warning: \(shortcut)") }
        Terminal.result(json ? try Self.json(index) : Self.text(index))
        guard index.problems.isEmpty else { throw ExitCode.someInputsFailed }
      }
    }

    /// One archive by itself: its headers, and its pixels on demand; nothing is kept.
    private func readHeaders() throws -> ArchiveIndex {
      let root = access.roots[0]
      let labels = access.labels(of: 0)
      let progress = ProgressLine()
      progress.begin("index")
      var index = try ArchiveIndex(scanning: root, labels: labels) { done, total in
        progress.update(done, of: total)
      }.withEverySplit
      progress.finish()
      if let warning = MissingLabels.warning(labels, root: root) { Terminal.complain(warning) }
      if check {
        progress.begin("decode")
        index.add(index.undecodable(root: root) { progress.update($0, of: $1) })
        progress.finish()
      }
      return index
    }

    /// Several, whose pictures are compared: as training sees them, with its cache.
    private func compare() throws -> ArchiveIndex {
      var (index, cache) = try access.open(
        threads: ProcessInfo.processInfo.activeProcessorCount, notesProblems: false, progress: ProgressLine())
      index.add(cache.failures)
      return index
    }

    /// The index, and what isn't stored with it.
    private struct Document: Encodable {
      let index: ArchiveIndex

      enum CodingKeys: CodingKey { case shortcuts }

      func encode(to encoder: any Encoder) throws {
        try index.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index.shortcuts, forKey: .shortcuts)
      }
    }

    private static func json(_ index: ArchiveIndex) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(Document(index: index)), as: UTF8.self) + "\n"
    }

    private static func text(_ index: ArchiveIndex) -> String {
      var text = "source\timages\tpatients\tnormal\tpneumonia\tunlabelled\tmasks\n"
      let sources = Dictionary(grouping: index.images, by: \.source).sorted { $0.key < $1.key }
      for (source, images) in sources + [("all", index.images)] {
        let counts = [
          images.count, Set(images.map(\.patientID)).count, images.count { $0.finding == .normal },
          images.count { $0.finding == .pneumonia }, images.count { $0.finding == nil },
          images.count { !$0.masks.isEmpty },
        ]
        text += ([source.isEmpty ? "." : source] + counts.map(String.init)).joined(separator: "\t") + "\n"
      }
      return text + "digest \(index.digest)\n"
    }
  }

  /// `mmdicom archive phantom`: draws synthetic studies.
  struct PhantomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "phantom",
      abstract: "Draw synthetic chest radiographs with lung masks and labels, as DICOM.")

    @Option(help: ArgumentHelp("Folder for the archive; made if missing.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("How many studies.", valueName: "n"))
    var count = 10

    @Option(help: ArgumentHelp("Longer side in pixels.", valueName: "n"))
    var size = 512

    @Option(help: ArgumentHelp("The same seed gives the same files.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(
      help: ArgumentHelp(
        "Source folders, by which figures are told apart; by default 2 from 40 studies on, else none.",
        valueName: "n"))
    var sources: Int?

    @Option(
      help: """
        normal or pneumonia: the finding of all; by default by turns. With one seed the two differ in the opacities alone.
        """)
    var finding: Finding?

    func run() async throws {
      try await reportingFailure {
        let progress = ProgressLine()
        progress.begin("draw")
        let paths = try PhantomArchive.write(
          count: count, size: size, seed: seed, sources: sources ?? Self.sources(of: count),
          findings: finding.map { [$0] } ?? PhantomArchive.alternating,
          to: URL(filePath: output)
        ) { progress.update($0, of: $1) }
        progress.finish()
        Terminal.result("\(paths.count) studies in \(output)\n")
      }
    }

    /// With fewer, a source would have less than two images of each finding for validation.
    private static func sources(of count: Int) -> Int { count >= 40 ? 2 : 1 }
  }
}
