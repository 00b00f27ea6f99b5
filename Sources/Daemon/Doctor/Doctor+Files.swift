import DICOMNetwork
import Files
import FoundationEssentials
import Glibc
import Ledger
import StatusPage
import SystemPackage

/// The files that the configuration names, each opened as the daemon does.
extension Doctor {
  /// Nothing is said of keys that name none.
  func files() -> [Examination] {
    let tls = configuration.tls
    let page = configuration.http?.certificate
    var all = certificate("tls_certificate", tls.certificate, "tls_key", tls.key)
    all += tls.authorities.map(authority)
    all += secrets("delivery_secrets", configuration.delivery.secrets?.path) {
      () throws(ConfigurationFailure) in
      _ = try DeliverySecrets(configuration.delivery)
    }
    all += secrets("notify_secrets", configuration.notification.secrets?.path) {
      () throws(ConfigurationFailure) in
      _ = try configuration.notification.keys()
    }
    if case .hash = configuration.reportPatients {
      // It was read with the configuration.
      all += secrets("report_key_file", stated("report_key_file")) { () throws(ConfigurationFailure) in }
    }
    all += pageToken()
    all += certificate("http_certificate", page?.chain, "http_key", page?.key)
    all += (configuration.database?.files ?? [:]).sorted { $0.key < $1.key }.map(databaseFile)
    return all
  }

  private func stated(_ key: String) -> String? {
    configuration.stated.first { $0.key == key && !$0.value.isEmpty }?.value
  }

  private func secrets(
    _ subject: String, _ file: String?, _ read: () throws(ConfigurationFailure) -> Void
  ) -> [Examination] {
    guard let file else { return [] }
    if let access = FileAccess(file, by: user) { return [Examination(subject, .ill, access)] }
    do throws(ConfigurationFailure) { try read() } catch {
      let words = "\(error)".trimmingPrefix("\(subject): ")
      return [
        Examination(
          subject, .ill, String(words),
          remedy: "mend that: chgrp \(user.group) \(file) && chmod 640 \(file); etc/mmdicom.yaml has its form"
        )
      ]
    }
    return [Examination(subject, .well, "\(file) can be used")]
  }

  private func pageToken() -> [Examination] {
    guard let http = configuration.http else { return [] }
    guard let file = http.tokenFile?.path else {
      return [Examination("http_token_file", .well, "no token: pages show figures only")]
    }
    return secrets("http_token_file", file) { () throws(ConfigurationFailure) in _ = try http.token() }
  }

  // MARK: TLS

  private func certificate(
    _ subject: String, _ certificate: String?, _ keySubject: String, _ key: String?
  ) -> [Examination] {
    guard let certificate else { return [] }
    var all = [ends(subject, certificate) { $0.lowerBound }]
    let file = key ?? certificate
    if key != nil, let access = FileAccess(file, by: user) {
      return all + [Examination(keySubject, .ill, access)]
    }
    guard all[0].verdict != .ill else { return all }
    do throws(PeerTrouble) {
      try CertificateFile.requireKey(file, of: certificate)
      let isOpen = FilePath(file).status(followingLink: true).map { $0.st_mode & 0o007 != 0 } ?? false
      all.append(
        isOpen
          ? Examination(
            keySubject, .doubtful, "\(file) is the certificate's key, and everybody may read it",
            remedy: "chgrp \(user.group) \(file) && chmod 640 \(file)")
          : Examination(keySubject, .well, "\(file) is the certificate's key"))
    } catch {
      all.append(
        Examination(
          keySubject, .ill, "\(error)",
          remedy: "PEM, without a pass phrase, and that of \(certificate): openssl pkey -in \(file) -check"))
    }
    return all
  }

  private func authority(_ file: String) -> Examination {
    // A list of them may hold old ones.
    ends("tls_authorities \(FilePath(file).lastComponent?.string ?? file)", file) { $0.upperBound }
  }

  private func ends(_ subject: String, _ file: String, _ end: (ClosedRange<Int>) -> Int) -> Examination {
    if let access = FileAccess(file, by: user) { return Examination(subject, .ill, access) }
    do throws(PeerTrouble) {
      let seconds = end(try CertificateFile.ends(file))
      let time = Timestamp(milliseconds: Int64(seconds) * 1000)
      let words = "\(file) holds until \(time.text)"
      let remedy = "a new one from whoever signed it, in the same place; then systemctl restart mmdicom"
      if time < .now { return Examination(subject, .ill, "\(file) ended on \(time.text)", remedy: remedy) }
      return time < .now + .seconds(Self.warnedDays * 86_400)
        ? Examination(subject, .doubtful, words, remedy: remedy) : Examination(subject, .well, words)
    } catch {
      return Examination(
        subject, .ill, "\(error)", remedy: "PEM is wanted: openssl x509 -in \(file) -noout -text")
    }
  }

  /// A certificate that ends within so many days is told of.
  private static let warnedDays = 30

  // MARK: PostgreSQL

  private func databaseFile(_ option: String, _ file: String) -> Examination {
    let subject = "ledger's \(option)"
    // "sslrootcert=system" means those of the system.
    guard file.hasPrefix("/") else { return Examination(subject, .well, file) }
    if let access = FileAccess(file, by: user) { return Examination(subject, .ill, access) }
    // libpq leaves a file of passwords aside, and refuses a key, that others may read; of root's keys the group may.
    let status = FilePath(file).status(followingLink: true)
    let others: mode_t = option == "sslkey" && status?.st_uid == 0 ? 0o037 : 0o077
    guard !["passfile", "sslkey"].contains(option) || (status?.st_mode ?? 0) & others == 0 else {
      return Examination(
        subject, .ill, "\(file): others than its owner may read it, so that libpq doesn't use it",
        remedy: "chown \(user.name) \(file) && chmod 600 \(file)")
    }
    return Examination(subject, .well, "\(file) can be read")
  }
}

extension Examination {
  fileprivate init(_ subject: String, _ verdict: Verdict, _ access: FileAccess) {
    self.init(subject, verdict, access.finding, remedy: access.remedy)
  }
}
