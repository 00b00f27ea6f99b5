import DICOMNetwork
import FoundationEssentials
import Glibc

/// Who gets results and notices.
extension Doctor {
  /// All are asked at once, each for seconds; in the order of the configuration. That one doesn't answer keeps nobody
  /// from reading: what is for it waits.
  func peers() async -> [Examination] {
    let questions = destinations() + targets()
    return await withTaskGroup(of: (Int, Examination).self) { group in
      for (index, question) in questions.enumerated() {
        group.addTask { (index, await question()) }
      }
      var answers: [(Int, Examination)] = []
      for await answer in group { answers.append(answer) }
      return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private typealias Question = @Sendable () async -> Examination
  /// So long each has to answer.
  private static let patience = 5.0

  private func destinations() -> [Question] {
    let (tls, title, options) = (configuration.tls, configuration.aeTitle, configuration.results)
    return configuration.delivery.destinations.map { destination in
      {
        let subject = "destination \(destination.name)"
        if let obstacle = destination.obstacle(to: options) {
          return Examination(subject, .doubtful, "gets nothing: \(obstacle)", remedy: "change either")
        }
        switch destination.address {
        case .dicom(let address):
          let options = AssociationOptions(
            callingAETitle: title, tls: tls, connectSeconds: Self.patience, answerSeconds: Self.patience)
          return await Caller().echo(subject, address, options)
        case .web(let url): return await Self.web(subject, url, tls)
        case .mllp(var endpoint):
          endpoint.connectSeconds = Self.patience
          do throws(PeerTrouble) {
            try await PeerProbe.connection(to: endpoint)
            return Examination(subject, .well, "\(endpoint) can be connected to")
          } catch { return Self.silent(subject, "\(endpoint)", error) }
        }
      }
    }
  }

  private func targets() -> [Question] {
    let (tls, user) = (configuration.tls, user)
    return configuration.notification.targets.map { target in
      {
        let subject = "notify \(target.name)"
        switch target.address {
        case .web(let url):
          // Of a chat's address the path is the secret.
          let shown = URL(string: url).flatMap { url in url.host.map { "\(url.scheme ?? "https")://\($0)" } }
          return await Self.web(subject, url, shown: shown ?? "its address", tls)
        case .command(let path):
          if let access = FileAccess(path, by: user, to: X_OK) {
            return Examination(subject, .ill, access.finding, remedy: access.remedy)
          }
          return Examination(subject, .well, "\(path) can be run")
        }
      }
    }
  }

  private static func web(
    _ subject: String, _ url: String, shown: String? = nil, _ tls: TLSSettings
  ) async -> Examination {
    let shown = shown ?? url
    do throws(PeerTrouble) {
      let status = try await PeerProbe.web(url, tls: tls, seconds: patience)
      return Examination(subject, .well, "\(shown) answers (OPTIONS, status \(status))")
    } catch { return silent(subject, shown, error) }
  }

  private static func silent(_ subject: String, _ address: String, _ why: PeerTrouble) -> Examination {
    Examination(
      subject, .doubtful, "\(address): \(why)",
      remedy: why.description.hasPrefix("TLS")
        ? "tls_authorities names whoever signed its certificate; tls_verify"
        : "its host, its port, and what lies between; what is for it waits until it answers")
  }

  /// What blocks has a thread of its own.
  private actor Caller {
    private nonisolated let executor = QueueExecutor("doctor")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func echo(_ subject: String, _ address: DICOMAddress, _ options: AssociationOptions) -> Examination {
      do throws(NetworkFailure) {
        let status = try PeerProbe.echo(address, options)
        return Examination(subject, .well, "\(address) answers C-ECHO (status \(status))")
      } catch {
        let remedy =
          switch error.kind {
          case .rejectedForGood:
            "its administrator lets \(options.callingAETitle) call it, under the AE title of the address"
          case .tls: "tls_certificate, tls_authorities, tls_verify: what this side shows, and whom it trusts"
          case .local: "tls_certificate, tls_key and tls_authorities, which are looked at above"
          default: "its host, its port, and what lies between; results wait until it answers"
          }
        return Examination(subject, .doubtful, "\(address): \(error)", remedy: remedy)
      }
    }
  }
}
