public import DICOM

/// What an association is asked for: objects of a class, in one of some transfer syntaxes (PS3.8 section 7.1.1.13).
public struct ProposedContext: Sendable, Hashable, Codable {
  public var sopClass: UID
  /// The peer chooses one.
  public var transferSyntaxes: [TransferSyntax]
  /// Whether this side would provide the service, where it is usually its user.
  public var isProvider: Bool

  public init(_ sopClass: UID, _ transferSyntaxes: [TransferSyntax], isProvider: Bool = false) {
    self.sopClass = sopClass
    self.transferSyntaxes = transferSyntaxes
    self.isProvider = isProvider
  }

  /// For C-ECHO.
  public static let verification = ProposedContext(.verification, littleEndian)
  /// For N-ACTION of storage commitment, and the answer on the same association.
  public static let commitment = ProposedContext(.storageCommitmentPushModel, littleEndian)

  /// What every object can be sent in that this program decodes.
  public static let littleEndian: [TransferSyntax] = [.explicitVRLittleEndian, .implicitVRLittleEndian]
  /// Identifiers are odd numbers of one byte.
  public static let most = 128
}

extension [ProposedContext] {
  /// What it takes to store objects: for each class and each transfer syntax that its objects have a context of its own,
  /// so that none needs to be decoded where the peer takes it as it is; and one for decoded copies. Pure.
  /// - Returns: One list for each association that is needed; objects of one class are in one.
  public static func storing(
    _ objects: some Sequence<(sopClass: UID, transferSyntax: TransferSyntax)>
  ) -> [[ProposedContext]] {
    var order: [UID] = []
    var syntaxes: [UID: [TransferSyntax]] = [:]
    for (sopClass, syntax) in objects {
      if syntaxes[sopClass] == nil { order.append(sopClass) }
      if syntaxes[sopClass]?.contains(syntax) != true { syntaxes[sopClass, default: []].append(syntax) }
    }
    var lists: [[ProposedContext]] = []
    for sopClass in order {
      let own = syntaxes[sopClass, default: []]
      var contexts = own.map { ProposedContext(sopClass, [$0]) }
      let others = ProposedContext.littleEndian.filter { !own.contains($0) }
      if !others.isEmpty { contexts.append(ProposedContext(sopClass, others)) }
      if let last = lists.last, last.count + contexts.count <= ProposedContext.most {
        lists[lists.count - 1] += contexts
      } else {
        lists.append(contexts)
      }
    }
    return lists
  }
}
