import DICOMNetwork
import Files
import StatusPage

/// Where the daemon listens.
extension Doctor {
  func ports() -> [Examination] {
    let isRunning = FolderLock.isHeld(configuration.folders.inbox) ?? false
    var all: [Examination] = []
    if let address = configuration.http?.address {
      all.append(port("http", address, isRunning))
    } else {
      all.append(Examination("http", .well, "served nowhere (http: is empty)"))
    }
    if let address = configuration.reception?.address {
      all.append(port("receive", HTTPAddress(host: address.host, port: Int(address.port)), isRunning))
    }
    return all
  }

  private func port(_ subject: String, _ address: HTTPAddress, _ isRunning: Bool) -> Examination {
    let isPage = subject == "http"
    let holder = "ss -ltnp 'sport = :\(address.port)' names who has it"
    switch (LocalPort.state(host: address.host, port: address.port), isRunning) {
    case (.taken, true): return Examination(subject, .well, "\(address) answers, and the daemon runs")
    case (.free, false): return Examination(subject, .well, "\(address) is free; the daemon doesn't run")
    case (.taken, false):
      return Examination(
        subject, .doubtful, "\(address) is taken, and the daemon doesn't run",
        remedy: holder + (isPage ? "; as a service it may be mmdicom-http.socket" : ""))
    case (.free, true):
      return Examination(
        subject, .doubtful, "the daemon runs, and nothing answers at \(address)",
        remedy: isPage
          ? "journalctl -u mmdicom | grep 'no status page'; as a service: systemctl status mmdicom-http.socket"
          : "journalctl -u mmdicom | grep receiver; a daemon that was started before takes it at its next start"
      )
    case (.forbidden, _):
      return Examination(
        subject, .doubtful, "\(address): \(user.name) may not listen on a port below 1024 by itself",
        remedy: isPage
          ? "let mmdicom-http.socket listen there"
          : "as a service: AmbientCapabilities= in a drop-in, as \"Ports and rights\" in the guide has it; or a port above"
      )
    case (.elsewhere, _):
      return Examination(
        subject, .ill, "\(address.host) is no address of this machine",
        remedy: "ip address names them, or 0.0.0.0")
    }
  }
}
