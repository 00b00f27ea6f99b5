/// One of several hosts that share a ledger.
package struct HostRecord: Sendable, Hashable {
  package let name: String
  /// When it was heard of last, by this host's clock.
  package let seen: Timestamp
  /// Where it delivers, by name.
  package let destinations: [String]
  /// Files and deliveries that it has in hand.
  package let files, deliveries: Int

  /// Who wasn't heard of for longer isn't counted on until it is.
  static let patience = Duration.seconds(86_400)
  /// Who wasn't heard of for longer is forgotten.
  static let memory = Duration.seconds(30 * 86_400)
}

/// For which of the destinations that a daemon doesn't know something waits.
package struct UnservedDestinations: Sendable, Hashable {
  /// Nobody knows them: what waited was parked now.
  package var parked: [String] = []
  /// By name, the hosts that know them.
  package var left: [String: [String]] = [:]

  package init() {}
}
