import Analysis
package import DICOMNetwork
import Files
import FoundationEssentials
import Logging
import SystemPackage

/// A destination, and what brings results there.
package struct DeliveryRoute: Sendable {
  package let destination: Destination
  package let endpoint: PeerEndpoint
  package let launcher: any SenderLauncher

  package init(_ destination: Destination, _ endpoint: PeerEndpoint, launcher: any SenderLauncher) {
    self.destination = destination
    self.endpoint = endpoint
    self.launcher = launcher
  }

  /// Those of a configuration, each with a process of its own.
  /// - Throws: when the file with the secrets can't be used.
  static func routes(
    _ configuration: DaemonConfiguration, logger: Logger
  ) throws(ConfigurationFailure) -> [DeliveryRoute] {
    let settings = configuration.delivery
    guard !settings.destinations.isEmpty else { return [] }
    let secrets = try DeliverySecrets(settings)
    let tls = configuration.tls
    for destination in settings.destinations {
      if let obstacle = destination.obstacle(to: configuration.results) {
        logger.warning(
          "a destination gets nothing",
          metadata: ["destination": "\(destination.name)", "why": "\(obstacle)"])
      }
    }
    return settings.destinations.map { destination in
      let launcher = ProcessSenderLauncher(
        reading: FilePath(of: configuration.folders.outbox), certificates: tls.files.map { FilePath($0) },
        // A sender ends what stands still by itself; one that doesn't has lost its head.
        silence: settings.answerTime * 2 + .seconds(60)
      ) { process in
        logger.error(
          "a sender can't be ended; it is left behind",
          metadata: ["destination": "\(destination.name)", "process": "\(process)"])
      }
      return DeliveryRoute(
        destination,
        destination.endpoint(
          tls: tls, callingAETitle: configuration.aeTitle, secrets: secrets, answerTime: settings.answerTime,
          mayBeCalled: configuration.reception != nil),
        launcher: launcher)
    }
  }
}

extension Destination {
  fileprivate func endpoint(
    tls: TLSSettings, callingAETitle: String, secrets: DeliverySecrets, answerTime: Duration,
    mayBeCalled: Bool
  ) -> PeerEndpoint {
    switch address {
    case .web(let url):
      var endpoint = DICOMwebEndpoint(url: url)
      endpoint.credentials = secrets[name]
      endpoint.tls = tls
      endpoint.answerSeconds = answerTime.inSeconds
      return .web(endpoint)
    case .mllp(var endpoint):
      endpoint.tls = tls
      endpoint.answerSeconds = answerTime.inSeconds
      return .mllp(endpoint)
    case .dicom(let address):
      var endpoint = DICOMEndpoint(
        address,
        AssociationOptions(callingAETitle: callingAETitle, tls: tls, answerSeconds: answerTime.inSeconds))
      endpoint.wantsCommitment = wantsCommitment
      // Where it may call, it rarely answers on our own association: that needn't be waited for.
      endpoint.commitmentSeconds = mayBeCalled ? 2 : 30
      return .dicom(endpoint)
    }
  }
}
