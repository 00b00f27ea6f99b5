import Glibc
package import SystemPackage

/// The regular files in a folder and the folders in it, by one walk. Names are bytes.
package struct FolderWalk: Sendable {
  /// What a walk takes and what it leaves out.
  package struct Options: Sendable {
    package enum Links: Sendable {
      /// A link may lead anywhere, and moving it away would not move what it stands for.
      case leftOut
      /// Followed after all that is really there, each folder and each file once, so that loops end and a real path
      /// is preferred to one through a link. A link to nothing is a problem.
      case followedOnce
    }

    package var links: Links
    /// Whether names that begin with a dot are taken.
    package var includesHidden: Bool
    /// Shell patterns for names of files and folders that are left out.
    package var ignoredNames: [String] = []
    /// Folders that aren't looked into.
    package var skipped: Set<FileIdentity> = []

    /// What is read and moved away: neither hidden entries nor links.
    package static func inbox(ignoring names: [String] = [], skipping: Set<FileIdentity> = []) -> Options {
      Options(links: .leftOut, includesHidden: false, ignoredNames: names, skipped: skipping)
    }

    /// What is only read, where it lies: everything, and what links lead to.
    package static let archive = Options(links: .followedOnce, includesHidden: true)

    /// Whether an entry of this name is left out.
    package func leavesOut(_ name: FilePath.Component) -> Bool {
      if !includesHidden, name.bytes.first == UInt8(ascii: ".") { return true }
      return ignoredNames.contains { pattern in
        unsafe name.withPlatformString { unsafe fnmatch(pattern, $0, 0) == 0 }
      }
    }
  }

  /// One file.
  package struct Entry: Sendable, Equatable {
    /// Relative to the root.
    package let path: FilePath
    package let stamp: FileStamp
    /// When content or name last changed, whichever is later; nanoseconds since 1970.
    package let changed: Int

    init(_ path: FilePath, _ status: stat) {
      self.path = path
      stamp = FileStamp(status)
      changed = max(stamp.modified, status.st_ctim.nanoseconds)
    }
  }

  /// Something that is there and can't be read.
  package struct Problem: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      /// A folder that can't be listed, with `errno`.
      case folder(Int32)
      /// An entry that can't be looked at, with `errno`.
      case entry(Int32)
      /// A symbolic link to nothing.
      case brokenLink
    }

    /// Relative to the root.
    package let path: FilePath
    package let kind: Kind

    package var isFolder: Bool { if case .folder = kind { true } else { false } }

    /// Why, in words.
    package var message: String {
      switch kind {
      case .folder(EACCES), .entry(EACCES): "no rights"
      case .folder: "can't be listed"
      case .entry: "can't be read"
      case .brokenLink: "a symbolic link to nothing"
      }
    }
  }

  /// Sorted by path.
  package private(set) var files: [Entry] = []
  /// Folders that were walked, relative to the root, sorted; the root is the empty path.
  package private(set) var folders: [FilePath] = []
  /// Sorted by path.
  package private(set) var problems: [Problem] = []

  private let root: FilePath
  /// Kept open where links are left out: every folder is reached from it.
  private let base: OpenFolder?
  private let options: Options
  private var seenFolders: Set<FileIdentity>
  private var seenFiles: Set<FileIdentity> = []
  private var links: [(path: FilePath, status: stat)] = []

  /// Walks `root`, which may be a link itself, and what lies under it. That the root can't be listed is a problem
  /// with the empty path.
  package init(_ root: FilePath, _ options: Options) {
    self.init(root, OpenFolder(root), options)
  }

  /// Walks a folder that is open.
  /// - Parameter enter: told of each folder, by its path relative to the root, before it is listed.
  package init(
    _ root: OpenFolder, _ options: Options, entering enter: (FilePath, OpenFolder) -> Void = { _, _ in }
  ) {
    self.init(root.path, root, options, entering: enter)
  }

  private init(
    _ root: FilePath, _ base: OpenFolder?, _ options: Options,
    entering enter: (FilePath, OpenFolder) -> Void = { _, _ in }
  ) {
    self.root = root
    self.base = base
    self.options = options
    seenFolders = options.skipped
    if let own = base?.status.map({ FileIdentity($0) }), !seenFolders.insert(own).inserted { return }
    walk([FilePath()], enter)
    while !links.isEmpty {
      let pending = Self.sorted(links, by: \.path)
      links = []
      for link in pending { follow(link.path, link.status, enter) }
    }
    files = Self.sorted(files, by: \.path)
    folders = Self.sorted(folders, by: \.self)
    problems = Self.sorted(problems, by: \.path)
  }

  /// The regular file at `path`, which is no link itself; nil when there is none.
  package static func entry(_ path: FilePath) -> Entry? { entry(path, path.status(followingLink: false)) }

  /// The regular file at `path` under `root`, reached through no link; nil when there is none.
  package static func entry(_ path: FilePath, in root: FilePath) -> Entry? {
    OpenFolder(root).flatMap { entry(path, in: $0) }
  }

  /// The same under a folder that is open.
  package static func entry(_ path: FilePath, in root: OpenFolder) -> Entry? {
    entry(path, root.status(at: path))
  }

  private static func entry(_ path: FilePath, _ status: stat?) -> Entry? {
    guard let status, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Entry(path, status)
  }

  private mutating func walk(_ folders: [FilePath], _ enter: (FilePath, OpenFolder) -> Void) {
    var pending = folders
    while let folder = pending.popLast() {
      let opened = open(folder)
      if let opened { enter(folder, opened) }
      guard let opened, let names = opened.names() else {
        if !isGone(folder, errno) { problems.append(Problem(path: folder, kind: .folder(errno))) }
        continue
      }
      self.folders.append(folder)
      for name in names where !options.leavesOut(name) {
        if let inner = look(at: folder.appending(name), opened.status(name)) { pending.append(inner) }
      }
    }
  }

  private func open(_ folder: FilePath) -> OpenFolder? {
    guard options.links == .leftOut else { return OpenFolder(root.pushing(folder)) }
    guard let base else {
      // `errno` of the attempt.
      return OpenFolder(root)
    }
    return base.folder(folder)
  }

  /// Whether a folder went away, or a link took its place, since it was seen.
  private func isGone(_ folder: FilePath, _ code: Int32) -> Bool {
    !folder.isEmpty && options.links == .leftOut && [ENOENT, ELOOP, ENOTDIR].contains(code)
  }

  /// Notes what lies at `path`; a folder that is still to be walked comes back.
  private mutating func look(at path: FilePath, _ status: stat?) -> FilePath? {
    guard let status else {
      // Gone since the folder was listed.
      if errno != ENOENT { problems.append(Problem(path: path, kind: .entry(errno))) }
      return nil
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG:
      seenFiles.insert(FileIdentity(status))
      files.append(Entry(path, status))
    case S_IFDIR:
      if seenFolders.insert(FileIdentity(status)).inserted { return path }
    case S_IFLNK where options.links == .followedOnce:
      guard let target = root.pushing(path).status(followingLink: true) else {
        problems.append(Problem(path: path, kind: .brokenLink))
        break
      }
      links.append((path, target))
    default: break  // Sockets, pipes and devices hold no radiographs.
    }
    return nil
  }

  private mutating func follow(
    _ path: FilePath, _ status: stat, _ enter: (FilePath, OpenFolder) -> Void
  ) {
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      if seenFolders.insert(FileIdentity(status)).inserted { walk([path], enter) }
    case S_IFREG:
      if seenFiles.insert(FileIdentity(status)).inserted { files.append(Entry(path, status)) }
    default: break
    }
  }

  /// In the order of the paths' texts.
  private static func sorted<Element>(_ list: [Element], by path: (Element) -> FilePath) -> [Element] {
    list.map { (text: path($0).text, element: $0) }.sorted { $0.text < $1.text }.map(\.element)
  }
}
