import DICOMNetwork
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// The receiver's network side in this process: a listener and a thread for each association.
final class Provider {
  final class Taker: ObjectTaker {
    private let state = Mutex<(objects: [ReceivedObject], results: [CommitmentResult], notes: [String])>(
      ([], [], []))
    private let open = Atomic<Bool>(true)
    let status: DIMSEStatus

    init(status: DIMSEStatus) { self.status = status }

    var isOpen: Bool {
      get { open.load(ordering: .relaxed) }
      set { open.store(newValue, ordering: .relaxed) }
    }
    var objects: [ReceivedObject] { state.withLock { $0.objects } }
    var results: [CommitmentResult] { state.withLock { $0.results } }
    var notes: [String] { state.withLock { $0.notes } }

    func take(_ object: ReceivedObject) -> DIMSEStatus {
      state.withLock { $0.objects.append(object) }
      return status
    }

    func take(_ result: CommitmentResult, from caller: String) -> DIMSEStatus {
      state.withLock { $0.results.append(result) }
      return .success
    }

    func note(_ text: String) { state.withLock { $0.notes.append(text) } }
  }

  let taker: Taker
  let folder: Scratch
  let port: UInt16
  private let descriptor: Int32
  private let isOver = Ended()

  private final class Ended: Sendable {
    let value = Atomic<Bool>(false)
  }

  init(
    tls: TLSSettings? = nil, status: DIMSEStatus = .success,
    _ change: (inout ReceptionSettings) -> Void = { _ in }
  ) throws {
    port = TestEnvironment.freePort()
    folder = try Scratch()
    taker = Taker(status: status)
    var settings = ReceptionSettings(
      address: try DICOMAddress("dicom\(tls == nil ? "" : "-tls")://MMDICOM@127.0.0.1:\(port)"))
    settings.stallSeconds = 30
    settings.idleSeconds = 60
    change(&settings)
    let context = try tls.map { settings throws(NetworkFailure) in try TLSContext(settings, isServer: true) }
    let provider = StorageProvider(settings, folder: folder.url.path, tls: context, taker: taker)
    let listener = try Listener(settings.address)
    descriptor = listener.descriptor
    let (most, isOver) = (settings.associations, isOver)
    let accepting = Accepting(provider, listener)
    Thread.detachNewThread {
      let open = Atomic<Int>(0)
      while !isOver.value.load(ordering: .relaxed) {
        guard let (socket, peer) = accepting.listener.accept() else { continue }
        let count = open.add(1, ordering: .relaxed).newValue
        Thread.detachNewThread {
          accepting.provider.serve(socket: socket, from: peer, isFull: count > most)
          open.subtract(1, ordering: .relaxed)
        }
      }
    }
  }

  private final class Accepting: Sendable {
    let provider: StorageProvider
    let listener: Listener

    init(_ provider: StorageProvider, _ listener: consuming Listener) {
      self.provider = provider
      self.listener = listener
    }
  }

  deinit {
    isOver.value.store(true, ordering: .relaxed)
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  func address(_ title: String = "MMDICOM", tls: Bool = false) throws -> DICOMAddress {
    try DICOMAddress("dicom\(tls ? "-tls" : "")://\(title)@localhost:\(port)")
  }

  /// The file that an object is in.
  func file(_ object: ReceivedObject) -> URL { folder.file(object.file) }
}
