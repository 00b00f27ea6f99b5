public import DICOM

/// What a peer asks for, and who it is.
public struct AssociationRequest: Sendable, Hashable {
  public struct Context: Sendable, Hashable {
    public let identifier: UInt8
    public let sopClass: String
    /// In the peer's order.
    public let transferSyntaxes: [String]
    /// The peer would provide the service.
    public let isProvider: Bool

    public init(
      _ identifier: UInt8, _ sopClass: String, _ transferSyntaxes: [String], isProvider: Bool = false
    ) {
      self.identifier = identifier
      self.sopClass = sopClass
      self.transferSyntaxes = transferSyntaxes
      self.isProvider = isProvider
    }
  }

  public let called, calling: String
  public let contexts: [Context]

  public init(called: String, calling: String, contexts: [Context]) {
    self.called = called
    self.calling = calling
    self.contexts = contexts
  }
}

/// Decides who is let in, and for what. Pure.
public struct ReceptionRules: Sendable {
  /// A-ASSOCIATE-RJ (PS3.8 section 9.3.4).
  public struct Rejection: Sendable, Hashable {
    public let result, source, diagnostic: UInt8

    public static let calledUnknown = Rejection(result: 1, source: 1, diagnostic: 7)
    public static let callingUnknown = Rejection(result: 1, source: 1, diagnostic: 3)
    /// Local limit exceeded; it may be better soon.
    public static let tooMany = Rejection(result: 2, source: 3, diagnostic: 2)
  }

  public enum Service: Sendable, Hashable { case verification, storage, commitment }

  public enum Answer: Sendable, Hashable {
    case accepted(Service, TransferSyntax)
    /// The class is taken, but in none of the transfer syntaxes.
    case noSyntax
    case noClass
  }

  public enum Decision: Sendable, Hashable {
    case reject(Rejection)
    /// In the order of the contexts.
    case accept([Answer])
  }

  private let settings: ReceptionSettings

  public init(_ settings: ReceptionSettings) { self.settings = settings }

  /// What is taken of storage classes, radiographs first.
  public static let images: [UID] = [
    .computedRadiographyImageStorage, .digitalXRayImageStorageForPresentation,
    .digitalXRayImageStorageForProcessing, .secondaryCaptureImageStorage,
    .multiframeGrayscaleByteSecondaryCaptureImageStorage,
    .multiframeGrayscaleWordSecondaryCaptureImageStorage,
    .multiframeTrueColorSecondaryCaptureImageStorage,
  ]

  /// Whatever this program reads.
  public static var transferSyntaxes: [TransferSyntax] { TransferSyntax.all }

  /// - Parameter isFull: There are as many associations as may be.
  public func decide(_ request: AssociationRequest, isFull: Bool = false) -> Decision {
    guard request.called == settings.address.aeTitle else { return .reject(.calledUnknown) }
    guard settings.callers.isEmpty || settings.callers.contains(request.calling) else {
      return .reject(.callingUnknown)
    }
    guard !isFull else { return .reject(.tooMany) }
    return .accept(request.contexts.map(answer))
  }

  private func answer(_ context: AssociationRequest.Context) -> Answer {
    guard let sopClass = UID(context.sopClass), let service = service(sopClass, context) else {
      return .noClass
    }
    let known = context.transferSyntaxes.compactMap(UID.init(_:)).compactMap(TransferSyntax.init(uid:))
    let taken = service == .storage ? known : known.filter(ProposedContext.littleEndian.contains)
    // The peer's order is its preference; but what it has of its own is described in explicit encodings alone.
    let best = taken.first { $0 != .implicitVRLittleEndian || !taken.contains(.explicitVRLittleEndian) }
    return best.map { .accepted(service, $0) } ?? .noSyntax
  }

  private func service(_ sopClass: UID, _ context: AssociationRequest.Context) -> Service? {
    if sopClass == .verification { return .verification }
    // Event reports come from a provider; some peers don't say that they are one.
    if sopClass == .storageCommitmentPushModel { return .commitment }
    let isTaken =
      switch settings.objects {
      case .any: sopClass.mayBeStorage
      case .images: Self.images.contains(sopClass)
      }
    return isTaken && !context.isProvider ? .storage : nil
  }
}
