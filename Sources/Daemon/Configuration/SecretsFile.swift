import Files
import FoundationEssentials
import Glibc
import SystemPackage

/// A file of secrets that a key of the configuration names: what stands in it gets into no message.
struct SecretsFile {
  /// One that says something: empty ones, and those that begin with #, don't.
  struct Line {
    let text: Substring
    /// The key, the file and the number of the line.
    fileprivate let place: String

    func failure(_ problem: String) -> ConfigurationFailure { ConfigurationFailure("\(place): \(problem)") }
  }

  let lines: [Line]

  /// - Parameter key: of the configuration.
  /// - Throws: ``ConfigurationFailure`` where it isn't there, can't be read, or everybody may use it.
  init(_ file: URL, key: String) throws(ConfigurationFailure) {
    guard let status = FilePath(of: file).status(followingLink: true) else {
      throw ConfigurationFailure("\(key): \(file.path): no such file")
    }
    guard status.st_mode & 0o007 == 0 else {
      throw ConfigurationFailure(
        "\(key): \(file.path): everybody may use it; chmod 640 it, and chgrp it to the daemon's group")
    }
    guard let text = try? String(contentsOf: file, encoding: .utf8) else {
      throw ConfigurationFailure("\(key): \(file.path): can't be read")
    }
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().compactMap
    {
      index, line in
      guard let first = line.first(where: { $0 != " " }), first != "#" else { return nil }
      return Line(text: line, place: "\(key): \(file.path):\(index + 1)")
    }
  }
}
