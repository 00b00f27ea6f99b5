import DICOMNetwork

/// What a receiver has brought and waits for an answer: taken in by all that there is at a time, so that a sync of the
/// disk and a transaction serve many.
struct ReceptionDesk: Sendable {
  enum Item: Sendable {
    case object(id: Int, ReceivedObject)
    case commitment(id: Int, CommitmentResult, caller: String)
  }

  /// Batches on their way at a time: one is synced while another is identified and a third admitted.
  static let batches = 3
  private static let batchSize = 256

  private let control: WorkerProcess.Control
  private let intake: Intake
  private let commitments: (any CommitmentInbox)?
  private let items = Handover<Item>(bound: 4096)

  init(_ control: WorkerProcess.Control, intake: Intake, commitments: (any CommitmentInbox)?) {
    self.control = control
    self.intake = intake
    self.commitments = commitments
  }

  func add(_ item: Item) async { try? await items.put(item) }

  func close() async { await items.close() }

  /// Takes in batch after batch, until there will be no more.
  func takeIn() async {
    while let first = try? await items.next() {
      var batch = [first]
      while batch.count < Self.batchSize, let more = await items.nextIfAny() { batch.append(more) }
      await answer(batch)
    }
  }

  private func answer(_ batch: [Item]) async {
    var objects: [(id: Int, file: ReceivedFile)] = []
    for item in batch {
      switch item {
      case .object(let id, let object):
        if let file = ReceivedFile(object) {
          objects.append((id, file))
        } else {
          await say(.status(id: id, DIMSEStatus.processingFailure.code))
        }
      case .commitment(let id, let result, let caller): await hand(result, from: caller, id: id)
      }
    }
    guard !objects.isEmpty else { return }
    let admitted = await intake.receive(objects.map(\.file))
    for (object, isAdmitted) in zip(objects, admitted) {
      await say(.status(id: object.id, (isAdmitted ? DIMSEStatus.success : .outOfResources).code))
    }
  }

  private func hand(_ result: CommitmentResult, from caller: String, id: Int) async {
    var status = DIMSEStatus.processingFailure
    if let commitments {
      do {
        try await commitments.received(result, from: caller)
        status = .success
      } catch {}
    }
    await say(.status(id: id, status.code))
  }

  /// Says whenever it changes whether objects are taken, so that none is written to a disk that is full.
  func tellOfRoom() async {
    var said = true
    while !Task.isCancelled {
      let isOpen = await intake.takesMore
      if isOpen != said {
        said = isOpen
        await say(.room(isOpen: isOpen))
      }
      do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
    }
  }

  private func say(_ answer: ReceiverAnswer) async {
    guard let line = try? JSONLine.bytes(of: answer) else { return }
    // One that is gone hears nothing.
    try? await control.send(line)
  }
}
