/// Which rows somebody means.
package enum Selection: Sendable, Hashable {
  /// The row with this number.
  case instance(Int64)
  /// Every row with this Study, Series or SOP Instance UID, of the source or of a result.
  case uid(String)
  /// Every row with this coded reason.
  case reason(String)
  /// The file that lies under this name in the spool.
  case spooled([UInt8])
  /// Every row whose content's digest begins with these bytes: what a tag in the log stands for.
  case tag([UInt8])
  /// All that wait for a person.
  case parked
  /// All that wait for their next attempt.
  case delayed
  /// Done, but with the source still in the spool.
  case unfiled
}
