/// How objects are taken in from the network.
public struct ReceptionSettings: Sendable, Hashable, Codable {
  /// Which objects may come.
  public enum Objects: String, Sendable, Hashable, Codable, CaseIterable {
    /// Of every storage class; what is no radiograph gets a row that says so.
    case any
    /// Radiographs and secondary captures only; for others the association has no context.
    case images
  }

  /// This node: its title, and where it listens (0.0.0.0: everywhere).
  public var address: DICOMAddress
  /// Titles of those that may call; none: all.
  public var callers: [String] = []
  /// Where they may call from; none: anywhere.
  public var networks: [AddressRange] = []
  public var objects = Objects.any
  /// At a time; one more is rejected for now.
  public var associations = 16
  /// A connection must have become an association within this time; then a PDU that has begun must be there, and an object
  /// must come at a kilobyte a second.
  public var stallSeconds = 8.0
  /// An association on which nothing happens ends after this time.
  public var idleSeconds = 60.0
  /// The largest object.
  public var objectBytes = 1 << 30
  /// What this node shows and whom it trusts, where its address asks for TLS.
  public var tls = TLSSettings()

  public init(address: DICOMAddress) { self.address = address }
}
