package import Analysis
package import DICOMNetwork
public import FoundationEssentials

/// Another system that gets results.
public struct Destination: Sendable, Equatable {
  /// How it is spoken to.
  package enum Address: Sendable, Hashable {
    case dicom(DICOMAddress)
    /// Where studies are posted to, `https://...` or `http://...`.
    case web(String)
    /// HL7 messages over MLLP.
    case mllp(MLLPEndpoint)
  }

  /// What ledger, log and status call it.
  public let name: String
  package let address: Address
  /// It gets what one of these takes; all DICOM objects where there are none.
  package var rules: [DeliveryRule] = []
  /// Whether it is asked to keep what it took.
  package var wantsCommitment = false

  package init(name: String, address: Address) {
    self.name = name
    self.address = address
  }

  /// Why none of the results that are made can go there; nil where some can.
  package func obstacle(to results: ResultOptions) -> String? {
    let fit = results.madeKinds.filter(carries)
    let made = results.kinds.map(\.rawValue).joined(separator: ", ")
    guard !fit.isEmpty else {
      if case .mllp = address { return "it takes hl7, and results: has \(made)" }
      return "it takes DICOM objects, and results: has \(made)"
    }
    guard !rules.isEmpty, !fit.contains(where: { kind in rules.contains { $0.mayTake(kind) } }) else {
      return nil
    }
    return "its rules take none of \(fit.joined(separator: ", "))"
  }

  package func takes(_ result: RoutedResult) -> Bool {
    guard carries(result[.result]) else { return false }
    return rules.isEmpty || rules.contains { $0.takes(result) }
  }
}

extension Destination {
  /// Whether results of a kind can be brought there at all.
  private func carries(_ kind: String) -> Bool {
    switch address {
    case .mllp: kind == "hl7"
    case .dicom, .web: ResultFiles.isObject(kind)
    }
  }
}

extension ResultOptions {
  /// What results are called in rules.
  fileprivate var madeKinds: [String] {
    kinds.flatMap { $0 == .overlay && frames == .single ? [$0.rawValue, "saliency"] : [$0.rawValue] }
  }
}

/// Where results go.
public struct DeliverySettings: Sendable, Equatable {
  public var destinations: [Destination] = []
  /// The file with what a DICOMweb server asks for; it is read by the daemon alone.
  public var secrets: URL?
  /// A peer has so long for the next sign of life.
  public var answerTime = Duration.seconds(60)
  /// A peer that was asked to keep a result has so long to confirm it.
  public var commitmentTime = Duration.seconds(3600)

  public init() {}

  /// Names of those that get a result.
  package func destinations(of result: RoutedResult) -> [String] {
    destinations.filter { $0.takes(result) }.map(\.name)
  }
}
