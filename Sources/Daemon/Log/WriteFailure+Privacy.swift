import Analysis
package import Files
import FoundationEssentials

extension WriteFailure {
  /// The failure as it may stand in the log: what was done and why it failed, but of what lies in the daemon's
  /// folders only the folder and a tag (see ``LogTag``), for names of files and studies tell whose they are. A path
  /// that begins nowhere is one below a folder whose name was left out.
  package func concealingNames(in folders: InboxFolders) -> WriteFailure {
    let homes = [folders.inbox, folders.outbox, folders.done, folders.rejected, folders.ledger].map(\.path)
    let ours = homes + [folders.report, folders.ledgerFile, folders.spool, folders.staging].map(\.path)
    let home = homes.filter { path.hasPrefix($0 + "/") }.max { $0.count < $1.count }
    var shown = path
    if let home, !ours.contains(path) {
      shown = "\(home): file \(LogTag(String(path.dropFirst(home.count + 1))))"
    } else if !path.isEmpty, !path.hasPrefix("/"), !ours.contains(path) {
      shown = "file \(LogTag(path))"
    }
    var text = message
    if path != shown { text = text.replacing(path, with: "the file") }
    // A library's words may hold a path as well; what follows it can't be told from its name.
    for home in homes {
      guard let place = text.firstRange(of: home + "/") else { continue }
      text = text[..<place.lowerBound] + home + "/..."
    }
    return WriteFailure(path: shown, message: text)
  }
}
