import FoundationEssentials

extension ReportRow {
  /// Turns the row into that of an image that wasn't analysed.
  ///
  /// - Parameters:
  ///   - code: short coded reason.
  ///   - file: path of the file; its place in the row when no SOP Instance UID names the image.
  package mutating func refuse(_ status: Status, code: String, file: String) {
    self.status = status
    reason = identity.sopInstanceUID.isEmpty ? "\(code): \(file)" : code
  }

  /// The row of a file that never reached the analysis.
  package static func refused(
    _ status: Status, code: String, file: String, identity: ImageIdentity = ImageIdentity(),
    model: String = "", modelSHA256: String = ""
  ) -> ReportRow {
    var row = ReportRow(
      identity: identity, status: status, model: model, modelSHA256: modelSHA256,
      analysedAt: Date.now.formatted(.iso8601))
    row.refuse(status, code: code, file: file)
    return row
  }
}
