public import Archive
public import ArgumentParser
import Foundation

extension ArchiveCommand {
  /// `mmdicom archive import`: pictures become an archive.
  struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Make a DICOM archive of PNG or JPEG pictures, lung masks and a table.",
      discussion: """
        The table is a CSV file with a column image (the picture's path below --images) and any of mask, patient, finding \
        (normal, pneumonia), split (train, val, test), view (PA, AP, LL, RL), sex (M, F, O) and age (years). A picture \
        without a row has no finding, and its name for a patient. A mask that no row names is the file of the picture's \
        name below --masks, also with _mask behind it; a row names it by its path below --masks, or below --images \
        without that. Exit status: 0, 1 when something was left out (each is named), 65 or 66 when \
        pictures, masks or table can't be used, 73 when --output holds something already.
        """)

    @Option(help: "Folder of the pictures, with all that lies in it.", completion: .directory) var images:
      String
    @Option(help: "CSV file that tells of them.", completion: .file(extensions: ["csv"])) var table: String?
    @Option(help: "Folder of the masks, white on black; may be that of the pictures.", completion: .directory)
    var masks: String?
    @Option(help: ArgumentHelp("Folder for the archive; made if missing.", valueName: "dir")) var output:
      String
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      try await reportingFailure {
        let progress = ProgressLine()
        progress.begin("import")
        let outcome = try ArchiveImport.run(
          ArchiveImport.Sources(
            images: URL(filePath: images, directoryHint: .isDirectory),
            masks: masks.map { URL(filePath: $0, directoryHint: .isDirectory) },
            table: table.map { URL(filePath: $0) }),
          to: URL(filePath: output, directoryHint: .isDirectory)
        ) { progress.update($0, of: $1) }
        progress.finish()
        for problem in outcome.problems { Terminal.complain("\(problem)") }
        if outcome.withoutRow > 0, table != nil {
          Terminal.complain("warning: \(outcome.withoutRow) pictures have no row: they are without a finding")
        }
        let counts = ["images": outcome.images, "masks": outcome.masks, "labels": outcome.labels]
        Terminal.result(
          json
            ? JSONDocument.text(counts) + "\n"
            : "\(outcome.images) images, \(outcome.masks) masks, \(outcome.labels) findings in \(output)\n")
        guard outcome.problems.isEmpty else { throw ExitCode.someInputsFailed }
      }
    }
  }

  /// `mmdicom archive export`: an archive that names nobody.
  struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export",
      abstract: "Copy an archive without whatever identifies a patient, as DICOM or as pictures and a table.",
      discussion: """
        By the basic profile of PS3.15 annex E, and stricter: every attribute that isn't known to identify nobody is taken \
        out. UIDs, patients and file names are replaced by others, made with a key: the same key gives the same names. \
        Pixels stay as they are: an image that says that something is burned into it is left out, and how many don't say is \
        told. Exit status: 0, 1 when something was left out (each is named), 66 when the archive isn't there, 73 when \
        --output holds something already.
        """)

    @OptionGroup var access: ArchiveAccess
    @Option(help: ArgumentHelp("Folder for the copy; made if missing.", valueName: "dir")) var output: String
    @Option(help: "dicom, or png: pictures, masks and a table as import takes them.") var format =
      ArchiveExport.Format.dicom
    @Option(
      help: ArgumentHelp(
        "File with the key; made, for its owner alone, where it isn't there. By default a key that nobody keeps.",
        valueName: "file"))
    var key: String?
    @Flag(help: "Keep sex, age, size and weight (PS3.15's option to retain patient characteristics).")
    var keepCharacteristics = false
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
      guard access.archive.count == 1 else { throw ValidationError("--archive names one archive") }
    }

    func run() async throws {
      try await reportingFailure {
        let root = access.roots[0]
        let progress = ProgressLine()
        progress.begin("index")
        let index = try ArchiveIndex(scanning: root, labels: access.labels(of: 0)) {
          progress.update($0, of: $1)
        }
        progress.finish()
        let file = key.map { URL(filePath: $0) }
        var options = ArchiveExport.Options(key: try file.map { try ExportKey(at: $0) } ?? ExportKey())
        options.format = format
        options.keepsCharacteristics = keepCharacteristics
        progress.begin("export")
        let outcome = try ArchiveExport.run(
          index, root: root, options, to: URL(filePath: output, directoryHint: .isDirectory)
        ) { progress.update($0, of: $1) }
        progress.finish()
        for problem in index.problems + outcome.problems { Terminal.complain("\(problem)") }
        for (source, name) in outcome.sources.sorted(by: { $0.value < $1.value }) {
          Terminal.complain("note: \(source) is called \(name)")
        }
        if outcome.unstated > 0 {
          Terminal.complain(
            "warning: \(outcome.unstated) images don't say whether something is burned into their pixels: look at them"
          )
        }
        let counts = [
          "images": outcome.images, "masks": outcome.masks, "burned_in_unstated": outcome.unstated,
        ]
        Terminal.result(
          json
            ? JSONDocument.text(counts) + "\n"
            : "\(outcome.images) images, \(outcome.masks) masks in \(output)\n")
        guard outcome.problems.isEmpty else { throw ExitCode.someInputsFailed }
      }
    }
  }
}

extension ArchiveExport.Format: ExpressibleByArgument {}
