package import Files
import FoundationEssentials
import Glibc
package import SystemPackage

/// What is about to be published of one file, written down before the first result gets its final name, and gone when
/// the ledger has them all, before the file counts as home.
///
/// After a crash in between, what lies in the outbox is known for this file's own, also where reading the file anew gives
/// other bytes: the model, or the program, may be another by then.
package struct PublicationIntent: Sendable {
  /// A result as it was, or may have been, put into place.
  package struct Result: Sendable, Hashable {
    /// Below the outbox.
    package let path: FilePath
    package let content: ContentDigest

    package init(path: FilePath, content: ContentDigest) {
      self.path = path
      self.content = content
    }
  }

  private let folder: FilePath
  private let content: ContentDigest

  /// - Parameter content: of the file.
  package init(of content: ContentDigest, _ folders: InboxFolders) {
    folder = FilePath(of: folders.publishing)
    self.content = content
  }

  /// Of every attempt that was cut off.
  package var results: Set<Result> { (try? Self.noted(in: folder))?[content] ?? [] }

  /// The same of every file, by its content.
  static func noted(_ folders: InboxFolders) throws(WriteFailure) -> [ContentDigest: Set<Result>] {
    try noted(in: FilePath(of: folders.publishing))
  }

  private static func noted(in folder: FilePath) throws(WriteFailure) -> [ContentDigest: Set<Result>] {
    try notes(in: open(folder)).reduce(into: [:]) { $0.merge($1.results) { $0.union($1) } }
  }

  package func note(_ results: Set<Result>) throws(WriteFailure) { try Self.note([(self, results)]) }

  /// Writes several down together, on the disk when this returns: one note tells of all that is published at a time.
  package static func note(_ all: [(intent: PublicationIntent, results: Set<Result>)]) throws(WriteFailure) {
    guard let path = all.first?.intent.folder else { return }
    let results = all.map { ($0.intent.content, $0.results) }
    try Note(of: Dictionary(results) { $0.union($1) }).write(in: open(path))
  }

  /// - Throws: what keeps it there: it would be taken for an attempt that was cut off.
  package func forget() throws(WriteFailure) { try Self.forget([self]) }

  /// Forgets several together; what a note tells of others stays.
  package static func forget(_ all: [PublicationIntent]) throws(WriteFailure) {
    guard let path = all.first?.folder else { return }
    let forgotten = Set(all.map(\.content))
    let folder = try open(path)
    for note in try notes(in: folder) {
      guard let rest = note.without(forgotten) else { continue }
      if !rest.isEmpty { try rest.write(in: folder) }
      try Move.remove(path.appending(note.name))
    }
  }

  private static func open(_ path: FilePath) throws(WriteFailure) -> OpenFolder {
    guard let folder = OpenFolder(path) else {
      throw WriteFailure(path: path.text, action: "open", code: errno)
    }
    return folder
  }

  /// None, as a rule, or the one of what was published last.
  private static func notes(in folder: OpenFolder) throws(WriteFailure) -> [Note] {
    while true {
      guard let names = folder.names() else {
        throw WriteFailure(path: folder.path.text, action: "list", code: errno)
      }
      // Where another host has taken a note's place with the rest of it, that is listed anew.
      if let notes = try notes(names.filter { ContentDigest(hexadecimal: $0.string) != nil }, in: folder) {
        return notes
      }
    }
  }

  /// Nil where one isn't there any more.
  private static func notes(
    _ names: [FilePath.Component], in folder: OpenFolder
  ) throws(WriteFailure) -> [Note]? {
    var notes: [Note] = []
    for name in names {
      let path = folder.path.appending(name)
      do { notes.append(Note(name, try String(contentsOfFile: path.string, encoding: .utf8))) } catch {
        guard path.status(followingLink: false) != nil else { return nil }
        throw WriteFailure(path: path.text, message: "can't be read")
      }
    }
    return notes
  }
}

/// One file of what is being published together. It is never changed: its name is its text's digest.
private struct Note {
  let name: FilePath.Component
  /// What is noted of each file, by its content: a line for each result.
  private let parts: [ContentDigest: [Substring]]
  /// Each part's lines stand behind one that has the content alone.
  private let text: String

  private init(_ parts: [ContentDigest: [Substring]]) {
    self.parts = parts
    text = parts.map { (["\($0)"] + $1).joined(separator: "\n") }.sorted().joined(separator: "\n")
    name = FilePath.Component("\(ContentDigest(of: text))") ?? "unnamed"
  }

  init(of results: [ContentDigest: Set<PublicationIntent.Result>]) {
    self.init(results.mapValues { $0.map { "\($0.content) \($0.path.text)"[...] }.sorted() })
  }

  /// Reads one. Those of earlier versions tell of one file each, whose content they are named by.
  init(_ name: FilePath.Component, _ text: String) {
    (self.name, self.text) = (name, text)
    var content = ContentDigest(hexadecimal: name.string)
    var parts: [ContentDigest: [Substring]] = [:]
    for line in text.split(separator: "\n") {
      if !line.utf8.contains(UInt8(ascii: " ")) {
        content = ContentDigest(hexadecimal: String(line))
      } else if let content {
        parts[content, default: []].append(line)
      }
    }
    self.parts = parts
  }

  var isEmpty: Bool { parts.isEmpty }

  var results: [ContentDigest: Set<PublicationIntent.Result>] {
    parts.mapValues { lines in
      Set(
        lines.compactMap { line in
          let fields = line.split(separator: " ", maxSplits: 1)
          guard fields.count == 2, let digest = ContentDigest(hexadecimal: String(fields[0])) else {
            return nil
          }
          return PublicationIntent.Result(path: FilePath(text: String(fields[1])), content: digest)
        })
    }
  }

  /// What it tells of others; nil where it tells of none of these.
  func without(_ contents: Set<ContentDigest>) -> Note? {
    let rest = parts.filter { !contents.contains($0.key) }
    return rest.count < parts.count ? Note(rest) : nil
  }

  /// It is on the disk when this returns.
  func write(in folder: OpenFolder) throws(WriteFailure) {
    try DurableFiles.write([(name, Array(text.utf8))], in: folder)
  }
}
