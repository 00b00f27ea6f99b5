import Analysis
import Files
import Glibc
import Ledger
import Logging
import SystemPackage

/// A file in the spool on its way into the ledger.
struct IntakeFile: Sendable {
  let file: SpooledFile
  let arrival: Int64
  var identity = ImageIdentity()
  /// Nil until it is identified.
  var digest: ContentDigest?

  init(_ file: SpooledFile, arrival: Int64) { (self.file, self.arrival) = (file, arrival) }
}

/// Files of a batch, as the worker tells of them.
struct IdentifiedBatch {
  /// How many the worker still has.
  var open: Int
  /// By the number of their job, which is their order.
  var files: [(job: Int, file: IntakeFile)] = []

  var inOrder: [IntakeFile] { files.sorted { $0.job < $1.job }.map(\.file) }
}

extension Intake {
  package func take(_ outcome: WorkerOutcome, of job: WorkerJob<Int>) async throws {
    guard let (number, file) = inHand[job.id] else { return }
    var known = file
    switch outcome {
    case .identified(let identity, let text):
      known.identity = identity
      known.digest = try digest(of: file.file, text)
    case .finished, .heldBack, .workerCrashed:
      // Whoever reads it will see: here it is a file of which nothing is known.
      known.digest = try digest(of: file.file, nil)
    }
    inHand[job.id] = nil
    batches[number]?.open -= 1
    if known.digest != nil {
      batches[number]?.files.append((job.id, known))
    } else {
      admitted([file.file], false)
    }
    guard batches[number]?.open == 0, let batch = batches.removeValue(forKey: number) else { return }
    try await identified.put(batch.inOrder)
  }

  /// Hands on what was identified of batches that a stop cut off.
  func identifyingIsOver() async throws {
    for (_, batch) in batches.sorted(by: { $0.key < $1.key }) where !batch.files.isEmpty {
      try await identified.put(batch.inOrder)
    }
    batches = [:]
    await identified.close()
  }

  func admitAll() async throws {
    defer { heart.rest(.admitting) }
    while let files = try await identified.next() {
      heart.beat(.admitting, within: Heart.batch)
      try await admit(files)
      // Nothing may come for days.
      heart.rest(.admitting)
    }
  }

  private func digest(of file: SpooledFile, _ text: String?) throws -> ContentDigest? {
    let place = spool.place(of: file)
    if let digest = text.flatMap(ContentDigest.init(hexadecimal:)) ?? ContentDigest(ofFileAt: place) {
      return digest
    }
    let code = errno
    guard !FolderRights.may(R_OK, place), let status = place.status(followingLink: false) else {
      throw WriteFailure(path: place.text, action: "read", code: code)
    }
    // Nobody lets us read it: it is told apart by what can be seen of it.
    let stamp = FileStamp(status)
    return ContentDigest(of: "unreadable \(stamp.inode) \(stamp.size) \(stamp.modified) \(file.sender.text)")
  }

  private func admit(_ files: [IntakeFile]) async throws {
    let marks = WantedContent(configuration.folders)
    let wanted = try marks.all()
    let known = files.compactMap { file in file.digest.map { (file, $0) } }
    let batch = known.map { file, digest in
      Admission(
        content: digest, studyInstanceUID: file.identity.studyInstanceUID,
        seriesInstanceUID: file.identity.seriesInstanceUID, sopInstanceUID: file.identity.sopInstanceUID,
        spooled: file.file.name.bytes, sender: file.file.sender.bytes, isWanted: wanted.contains(digest),
        arrival: file.arrival)
    }
    let outcomes = try await ledger.admit(batch, at: .now)
    for ((file, digest), outcome) in zip(known, outcomes) {
      guard case .known(let id) = outcome else { continue }
      let isHome = try await sources.add(file.file, of: id)
      logger.info(
        isHome
          ? "the same bytes as a file that was read before: answered by what is known"
          : "the same bytes as another file: one result for both",
        metadata: ["file": "\(digest.description.prefix(8))"])
    }
    // What stays goes when the file goes home.
    try? marks.forget(known.map(\.1))
    admitted(known.map(\.0.file), true)
    await admittedFiles.ring()
    try watcher.saveCopies()
    breaker.succeeded()
    // A full disk is a reason of its own.
    if isOpen { pauseNote.clear() }
  }
}
