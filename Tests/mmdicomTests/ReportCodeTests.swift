import DICOM
import Foundation
import TestSupport
import Testing

/// The guide for operators has a line for every code that a report can hold, and none that it can't.
@Suite struct ReportCodeTests {
  /// The rooms whose codes get into a report's reasons and notes.
  private static let rooms = ["DICOM", "Unpacking", "Radiography", "Analysis", "Ledger", "Daemon"]

  /// Codes as the sources write them: the raw values of an error's `Reason`, the literals of a property
  /// `code`, and those that are given to an argument `code:`, to a constant called `...Code`, or added to a reason.
  private func codes(in source: String) -> Set<String> {
    var codes: Set<String> = []
    // The enumerations of reasons and the properties, each up to the brace that ends it.
    for start in source.matches(of: /enum Reason: String[^{]*\{|var code: String \{/) {
      var depth = 1
      let body = source[start.range.upperBound...].prefix { character in
        if character == "{" { depth += 1 } else if character == "}" { depth -= 1 }
        return depth > 0
      }
      let isEnumeration = start.output.hasPrefix("enum")
      for line in body.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) })
      where !line.hasPrefix("//") {
        codes.formUnion(line.matches(of: /"([a-z][a-z_]*)"/).map { String($0.1) })
        if isEnumeration, let name = line.wholeMatch(of: /case ([a-z]+)/) { codes.insert(String(name.1)) }
      }
    }
    for line in source.split(separator: "\n") {
      codes.formUnion(line.matches(of: /\bcode: .*?"([a-z][a-z_]*)"/).map { String($0.1) })
      // Both branches of a choice.
      codes.formUnion(line.matches(of: /\bcode: [^"]*"[a-z_]+" : "([a-z][a-z_]*)"/).map { String($0.1) })
      codes.formUnion(line.matches(of: /\b[a-z]+Code = "([a-z][a-z_]*)"/).map { String($0.1) })
      codes.formUnion(line.matches(of: /[ .]note\("([a-z_]+)"\)/).map { String($0.1) })
    }
    return codes
  }

  /// What writes no row: results that couldn't be written end a run, masks serve an archive.
  private static let elsewhere: Set<String> = [
    "cannot_write", "malformed_segmentation", "not_a_segmentation",
  ]

  @Test func everyCodeIsExplained() throws {
    var written: Set<String> = []
    for room in Self.rooms {
      let folder = TestEnvironment.packageRoot.appending(path: "Sources/\(room)")
      for case let file as URL in try #require(
        FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
      where file.pathExtension == "swift" {
        written.formUnion(codes(in: try String(contentsOf: file, encoding: .utf8)))
      }
    }
    written.subtract(Self.elsewhere)
    // A changed header's code is an attribute's name and what became of it; the guide has one line for all.
    #expect(written.remove("attribute") != nil)
    // One of each kind, so that a change of style can't blind the search.
    for code in [
      "truncated", "empty_file", "no_window", "lateral", "worker_crashed", "unreadable_folder", "missing",
      "duplicate_sop_instance_uid", "overlay_failed", "amended", "uid_conflict", "no_calibrated_spacing",
    ] {
      #expect(written.contains(code), "\(code) isn't found in the sources any more: mend the search")
    }
    let guide = try String(
      contentsOf: TestEnvironment.packageRoot.appending(path: "etc/guide/operating.md"), encoding: .utf8)
    for kind in HeaderNote.Kind.allCases { #expect(guide.contains("`_\(kind.rawValue)`"), "\(kind)") }
    let rows = guide.matches(of: /\n\| `([a-z_]+)` \| (?:analysed|not_analysed|rejected) \|/)
    let explained = rows.map { String($0.output.1) }
    #expect(Set(explained).count == explained.count, "a code has two lines")
    #expect(written.subtracting(explained).sorted() == [], "not explained in etc/guide/operating.md")
    #expect(Set(explained).subtracting(written).sorted() == [], "explained, but never written")
  }
}
