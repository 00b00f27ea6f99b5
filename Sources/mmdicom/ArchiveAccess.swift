import Archive
import ArgumentParser
import Daemon
import Files
import Foundation
import MultiMix
import Radiography
import Training

/// The options that name archives, and how their index and cache are opened.
struct ArchiveAccess: ParsableArguments {
  @Option(
    help: "Root folder of the archive; of several, the option once for each, to read them as one.",
    completion: .directory)
  var archive: [String]

  @Option(
    help: ArgumentHelp(
      "labels.csv; by default the one in the archive's root. With several archives, one for each, in their order."
    ),
    completion: .file(extensions: ["csv"]))
  var labels: [String] = []

  @Option(help: "Where index and decoded images are kept; by default in the user's cache folder.")
  var cache: String?

  func validate() throws {
    guard labels.isEmpty || labels.count == archive.count else {
      throw ValidationError(
        "\(labels.count) times --labels for \(archive.count) archives: name one for each, in their order, or none"
      )
    }
    var seen: Set<String> = []
    for (path, root) in zip(archive, roots) where !seen.insert(Self.resolved(root)).inserted {
      throw ValidationError("--archive \(path): the same folder is given twice")
    }
  }

  /// Each archive's root and the labels file that was named for it.
  var roots: [URL] { archive.map { URL(filePath: $0, directoryHint: .isDirectory) } }

  func labels(of number: Int) -> URL? { labels.isEmpty ? nil : URL(filePath: labels[number]) }

  /// As messages call them.
  var names: String { archive.joined(separator: ", ") }

  private static func resolved(_ root: URL) -> String {
    root.standardizedFileURL.resolvingSymlinksInPath().path
  }

  /// One folder per archive, by itself or with others: $XDG_CACHE_HOME (or ~/.cache)/mmdicom/<name>-<hash of the path>.
  /// A folder that was named is one archive's own, and has such a folder for each of several.
  private func cacheFolder(of root: URL) -> URL {
    let digest = ContentDigest(of: Self.resolved(root)).description.prefix(16)
    let name = "\(root.standardizedFileURL.lastPathComponent)-\(digest)"
    if let cache {
      let folder = URL(filePath: cache, directoryHint: .isDirectory)
      return archive.count == 1 ? folder : folder.appending(path: name, directoryHint: .isDirectory)
    }
    let environment = ProcessInfo.processInfo.environment
    let base =
      environment["XDG_CACHE_HOME"].flatMap {
        $0.isEmpty ? nil : URL(filePath: $0, directoryHint: .isDirectory)
      }
      ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
    return base.appending(path: "mmdicom/\(name)")
  }

  /// Scans the archives (headers that didn't change are not read again), opens their caches of decoded images, and
  /// completes the splits by patient.
  /// - Parameters:
  ///   - size: side of the decoded images in pixels.
  ///   - view: what the classifier will read of them.
  ///   - notesProblems: whether what is wrong gets its lines here.
  ///   - ranks: who opens them together. Of those that share a cache folder one reads the headers and each decodes a
  ///     part of the images.
  func open(
    threads: Int, size: Int = 256, view: FindingsView = .whole, notesProblems: Bool = true,
    ranks: any RankGroup = SoleRank(), progress: ProgressLine
  ) throws -> (index: ArchiveIndex, cache: ImageCache) {
    try ranks.agreed {
      for (path, root) in zip(archive, roots) where !FileManager.default.fileExists(atPath: root.path) {
        throw CommandFailure(.noInput, "\(path): no such folder")
      }
      for root in roots { try createCacheFolder(of: root) }
    }
    let shares = try roots.map { try ranks.share(of: cacheFolder(of: $0)) }
    let indexes = try zip(roots.indices, shares).compactMap { number, share in
      try ranks.inTurn(share) { try scan(number, threads: threads, progress: progress) }
    }
    try ranks.requireShared([.archive: indexes.map(\.digest).joined(separator: ",")])
    var set = ArchiveSet(Array(zip(roots, indexes)))
    func share(_ member: ArchiveSet.Member) -> CacheShare {
      zip(roots, shares).first { $0.0 == member.root }?.1 ?? CacheShare(0, of: 1)
    }
    func decode(size: Int, view: FindingsView = .whole) throws -> [ImageCache] {
      try set.members.map {
        try self.decode(
          $0, threads: threads, size: size, view: view, ranks: ranks, share: share($0), progress: progress)
      }
    }
    if set.members.count > 1 {
      let small = try decode(size: ArchiveSet.comparedSize)
      progress.begin("compare")
      // What was found lies in the first one's folder.
      _ = try ranks.inTurn(share(set.members[0])) {
        set.comparePictures(
          small, saved: { self.savedPairs($0, $1) }, threads: threads,
          progress: { progress.update($0, of: $1) })
      }
      progress.end("\(set.members.count) archives, \(set.index.images.count) images in all")
    }
    let caches = try decode(size: size, view: view)
    let index = set.index.withEverySplit
    let cache = ImageCache(caches, of: set)
    if notesProblems { for problem in index.problems + cache.failures { progress.note("\(problem)") } }
    return (index, cache)
  }

  /// Decoded images and patients' IDs lie in it: for this user alone.
  private func createCacheFolder(of root: URL) throws(CommandFailure) {
    let folder = cacheFolder(of: root)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    } catch {
      throw CommandFailure(.cannotCreate, "\(folder.path): can't create the cache folder")
    }
  }

  private func scan(_ number: Int, threads: Int, progress: ProgressLine) throws -> ArchiveIndex {
    let root = roots[number]
    let folder = cacheFolder(of: root)
    progress.begin("index")
    let scanned = try ArchiveIndex(
      scanning: root, labels: labels(of: number), saved: folder.appending(path: "headers.json"),
      threads: threads
    ) { progress.update($0, of: $1) }
    progress.end(
      "\(scanned.images.count) images, \(scanned.images.count { !$0.masks.isEmpty }) with masks, "
        + "\(scanned.images.count { $0.finding != nil }) with findings")
    if let warning = MissingLabels.warning(labels(of: number), root: root) { progress.note(warning) }
    return scanned
  }

  /// Beside the first one's cache.
  private func savedPairs(_ first: ArchiveSet.Member, _ second: ArchiveSet.Member) -> URL {
    let name = cacheFolder(of: second.root).lastPathComponent
    return cacheFolder(of: first.root).appending(path: "same-pictures-\(name).json")
  }

  private func decode(
    _ member: ArchiveSet.Member, threads: Int, size: Int, view: FindingsView = .whole,
    ranks: any RankGroup, share: CacheShare, progress: ProgressLine
  ) throws -> ImageCache {
    let folder = cacheFolder(of: member.root)
    progress.begin("decode")
    // The squares that a classifier's close look at the lungs is cut from, where it doesn't read the whole picture.
    let detail = view == .lungs ? SquareView.detail(of: size) : nil
    func file(_ side: Int) -> URL {
      folder.appending(path: side == detail ? "detail-\(side).cache" : "images-\(side).cache")
    }
    var wasBuilt = false
    if ranks.count > 1 {
      try ranks.agreed {
        for side in [detail, size].compactMap(\.self) {
          let isNew = try ImageCache.prepare(
            for: member.index, root: member.root, at: file(side), share: share, size: side,
            threads: threads, masks: side != detail
          ) { progress.update($0, of: $1) }
          wasBuilt = wasBuilt || isNew
        }
      }
    }
    func opened(_ side: Int, detail: ImageCache? = nil, masks: Bool) throws -> ImageCache {
      try ImageCache(
        for: member.index, root: member.root, at: file(side), size: side, threads: threads, masks: masks,
        detail: detail, checksPixels: ranks.count == 1
      ) { progress.update($0, of: $1) }
    }
    let cache = try ranks.agreed {
      try opened(size, detail: detail.map { try opened($0, masks: false) }, masks: true)
    }
    wasBuilt = wasBuilt || cache.wasBuilt
    progress.end(wasBuilt ? "cached in \(folder.path)" : "from the cache")
    return cache
  }
}

extension ArchiveIndex {
  /// As every command sees an archive: images that `labels.csv` gives no split are split by patient.
  var withEverySplit: ArchiveIndex { assigningSplits(validation: 0.1, seed: 1) }
}
