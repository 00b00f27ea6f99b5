import Analysis
package import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// What the report says of patients. The ledger keeps what the images said: the choice can be changed, and
/// `mmdicom report` writes all rows by it. Pure, but for the key's file.
package enum PatientColumns: Sendable, Equatable {
  /// As the images have it.
  case kept
  /// Nothing.
  case none
  /// A code for patient and accession number that only the key's holder can tell.
  case hash(KeyedDigest)

  /// How the configuration calls them.
  package enum Choice: String, CaseIterable { case kept, none, hash }

  private static let mark = "hmac-"
  private static func place(_ column: String) -> Int { ReportRow.header.firstIndex(of: column)! }
  private static let (patient, accession, date, reason, outputs) = (
    place("patient_id"), place("accession_number"), place("study_date"), place("reason"), place("outputs")
  )

  /// Tells whether a report was written by the same choice; holds nothing of the key.
  package var fingerprint: String {
    switch self {
    case .kept: "kept"
    case .none: "none"
    case .hash(let digest): "hash \(digest.code(of: "", for: "fingerprint"))"
    }
  }

  /// A record of the report, with its line end.
  package func applied(to record: String) -> String {
    guard self != .kept, var fields = CommaSeparatedValues(record).records.first?.fields,
      fields.count == ReportRow.header.count, fields != ReportRow.header
    else { return record }
    switch self {
    case .kept: return record
    case .none: for column in [Self.patient, Self.accession, Self.date] { fields[column] = "" }
    case .hash(let digest):
      fields[Self.patient] = Self.code(fields[Self.patient], "patient_id", digest)
      fields[Self.accession] = Self.code(fields[Self.accession], "accession_number", digest)
    }
    // Names of files often tell whose they are.
    fields[Self.reason] = String(fields[Self.reason].prefix { $0 != ":" })
    return CommaSeparatedValues.text([fields])
  }

  /// What is a code already, in a report that a new ledger took over, stays one.
  private static func code(_ value: String, _ column: String, _ digest: KeyedDigest) -> String {
    guard !value.isEmpty, !(value.hasPrefix(mark) && value.utf8.count == mark.utf8.count + 32) else {
      return value
    }
    return mark + digest.code(of: value, for: column)
  }
}

extension ConfigurationValues {
  /// What the configuration says of patients in the report.
  func patientColumns() throws(ConfigurationFailure) -> PatientColumns {
    let file = try folder("report_key_file")
    switch try choice("report_patients") ?? PatientColumns.Choice.kept {
    case .kept: return .kept
    case .none: return .none
    case .hash:
      guard let file else {
        throw failure("report_key_file", "is missing; report_patients: hash needs a key")
      }
      guard let status = FilePath(of: file).status(followingLink: true) else {
        throw ConfigurationFailure("report_key_file: \(file.path): no such file")
      }
      guard status.st_mode & 0o007 == 0 else {
        throw ConfigurationFailure(
          "report_key_file: \(file.path): everybody may read it; chmod 640 it, and chgrp it to the daemon's group"
        )
      }
      guard let bytes = FileManager.default.contents(atPath: file.path) else {
        throw ConfigurationFailure("report_key_file: \(file.path): can't be read")
      }
      // A line end behind the key is the editor's.
      let key = Array(bytes.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed())
      guard let digest = KeyedDigest(key: key) else {
        throw ConfigurationFailure(
          "report_key_file: \(file.path): holds less than \(KeyedDigest.shortestKey) bytes; "
            + "openssl rand -hex 32 writes a key")
      }
      return .hash(digest)
    }
  }
}
