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
  /// All that wait for a person.
  case parked
  /// Done, but with the source still in the spool.
  case unfiled
}
