import Archive
import ArgumentParser
import Daemon
import Files
import Foundation

/// The options that name an archive, and how its index and cache are opened.
struct ArchiveAccess: ParsableArguments {
  @Option(help: "Root folder of the archive.", completion: .directory)
  var archive: String

  @Option(
    help: "labels.csv; by default the one in the archive's root.", completion: .file(extensions: ["csv"]))
  var labels: String?

  @Option(help: "Where index and decoded images are kept; by default in the user's cache folder.")
  var cache: String?

  var root: URL { URL(filePath: archive, directoryHint: .isDirectory) }

  /// One folder per archive: $XDG_CACHE_HOME (or ~/.cache)/mmdicom/<name>-<hash of the path>.
  private var cacheFolder: URL {
    if let cache { return URL(filePath: cache, directoryHint: .isDirectory) }
    let environment = ProcessInfo.processInfo.environment
    let base =
      environment["XDG_CACHE_HOME"].flatMap {
        $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory)
      }
      ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
    let path = root.standardizedFileURL.resolvingSymlinksInPath().path
    let digest = ContentDigest(of: path).description.prefix(16)
    return base.appending(path: "mmdicom/\(root.standardizedFileURL.lastPathComponent)-\(digest)")
  }

  /// Scans the archive (headers that didn't change are not read again), completes the splits by patient and
  /// opens the cache of decoded images.
  /// - Parameter size: side of the decoded images in pixels.
  func open(
    threads: Int, size: Int = 256, progress: ProgressLine
  ) throws -> (index: ArchiveIndex, cache: ImageCache) {
    guard FileManager.default.fileExists(atPath: root.path) else {
      throw CommandFailure(.noInput, "\(archive): no such folder")
    }
    let folder = cacheFolder
    // Decoded images and patients' IDs lie in it: for this user alone.
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    } catch {
      throw CommandFailure(.cannotCreate, "\(folder.path): can't create the cache folder")
    }
    progress.begin("index")
    let scanned = try ArchiveIndex(
      scanning: root, labels: labels.map { URL(filePath: $0) }, saved: folder.appending(path: "headers.json"),
      threads: threads
    ) { progress.update($0, of: $1) }
    progress.end(
      "\(scanned.images.count) images, \(scanned.images.count { !$0.masks.isEmpty }) with masks, "
        + "\(scanned.images.count { $0.finding != nil }) with findings")
    if let warning = MissingLabels.warning(labels, root: root) { progress.note(warning) }
    for problem in scanned.problems { progress.note("\(problem)") }
    let index = scanned.withEverySplit
    progress.begin("decode")
    let cache: ImageCache
    do {
      cache = try ImageCache(
        for: index, root: root, at: folder.appending(path: "images-\(size).cache"), size: size,
        threads: threads
      ) { progress.update($0, of: $1) }
    } catch {
      throw CommandFailure(.cannotCreate, "\(error)")
    }
    progress.end(cache.wasBuilt ? "cached in \(folder.path)" : "from the cache")
    for problem in cache.failures { progress.note("\(problem)") }
    return (index, cache)
  }
}

extension ArchiveIndex {
  /// As every command sees an archive: images that `labels.csv` gives no split are split by patient.
  var withEverySplit: ArchiveIndex { assigningSplits(validation: 0.1, seed: 1) }
}
