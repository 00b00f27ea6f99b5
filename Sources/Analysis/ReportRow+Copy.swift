extension ReportRow {
  /// Marks the row of the `copy`-th file with the same SOP Instance UID, and gives its results names of their
  /// own. No two instances may share a UID (PS3.5 section 9), but copies and careless anonymisation happen.
  package mutating func note(copy: Int) {
    guard copy > 1, status == .analysed else { return }
    outputs = outputs.map {
      ResultFiles.numbered($0, sopInstanceUID: identity.sopInstanceUID, copy: copy)
    }
    note("duplicate_sop_instance_uid")
  }
}
