/// What the page shows, ready for templates: every figure is a text.
public struct StatusView: Sendable {
  /// A figure that is seen first.
  public struct Tile: Sendable {
    public var label: String
    public var value: String
    public var note: String
    /// It needs somebody.
    public var isBad: Bool

    public init(_ label: String, _ value: String, note: String = "", isBad: Bool = false) {
      (self.label, self.value, self.note, self.isBad) = (label, value, note, isBad)
    }
  }

  /// An image that was read lately.
  public struct Study: Sendable {
    public var tag: String
    public var status: String
    public var reason: String
    public var finished: String
    /// Number of the result that is its preview.
    public var preview: Int64?
    /// What names the patient; gone where that isn't to be shown.
    public var patient: String

    public init(
      tag: String, status: String, reason: String, finished: String, preview: Int64?, patient: String
    ) {
      (self.tag, self.status, self.reason, self.finished) = (tag, status, reason, finished)
      (self.preview, self.patient) = (preview, patient)
    }
  }

  /// Files that wait for a person or were refused, for one reason.
  public struct Trouble: Sendable {
    public struct File: Sendable {
      public var tag: String
      public var state: String
      public var came: String
      /// The name that the sender gave it; gone where that isn't to be shown.
      public var name: String

      public init(tag: String, state: String, came: String, name: String) {
        (self.tag, self.state, self.came, self.name) = (tag, state, came, name)
      }
    }

    public var reason: String
    public var count: Int
    public var files: [File]
    /// So many more than are listed.
    let more: Int
    let hasMore: Bool

    public init(reason: String, count: Int, files: [File]) {
      (self.reason, self.count, self.files) = (reason, count, files)
      more = max(0, count - files.count)
      hasMore = more > 0
    }
  }

  /// What became of the results for one destination.
  public struct Destination: Sendable {
    public var name: String
    public var waiting: Int
    public var sent: Int
    public var failed: Int
    public var oldest: String
    /// Why nothing is sent now, and until when; empty where it is. It may name other systems.
    public var pause: String

    public init(name: String, waiting: Int, sent: Int, failed: Int, oldest: String, pause: String) {
      (self.name, self.waiting, self.sent, self.failed) = (name, waiting, sent, failed)
      (self.oldest, self.pause) = (oldest, pause)
    }
  }

  /// A key with its value.
  public struct Pair: Sendable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) { (self.key, self.value) = (key, value) }
  }

  public var tiles: [Tile] = []
  /// Nobody can tell at present what was read, waits or is on its way.
  public var isUnknown = false
  /// Why the program isn't ready, or a part of it pauses.
  public var problems: [String] = []
  public var plots: [PlotView] = []
  public var studies: [Study] = []
  public var troubles: [Trouble] = []
  public var destinations: [Destination] = []
  public var model: [Pair] = []
  /// The model's card, as its author wrote it.
  public var card = ""
  public var configuration: [Pair] = []
  public var version = ""

  public init() {}

  /// Without what names a patient, and without what the configuration says of other systems.
  func concealed() -> StatusView {
    var view = self
    view.configuration = []
    for index in view.destinations.indices where !view.destinations[index].pause.isEmpty {
      view.destinations[index].pause = "pauses"
    }
    for index in view.studies.indices {
      view.studies[index].patient = ""
      view.studies[index].preview = nil
    }
    for index in view.troubles.indices {
      for file in view.troubles[index].files.indices { view.troubles[index].files[file].name = "" }
    }
    return view
  }
}

/// Everything about one study.
public struct StudyView: Sendable {
  public struct File: Sendable {
    public var tag: String
    public var name: String
    public var sopInstanceUID: String
    public var state: String
    public var reason: String
    public var came: String
    public var finished: String
    public var timesSeen: Int
    public var attempts: Int
    public var previews: [Int64]
    /// From the file over its picture, the network's input and the weights to the results, by digests.
    public var chain: [Link]
    public var deliveries: [Delivery]
    public var events: [Event]

    public init(
      tag: String, name: String, sopInstanceUID: String, state: String, reason: String, came: String,
      finished: String, timesSeen: Int, attempts: Int, previews: [Int64], chain: [Link],
      deliveries: [Delivery], events: [Event]
    ) {
      (self.tag, self.name, self.sopInstanceUID, self.state) = (tag, name, sopInstanceUID, state)
      (self.reason, self.came, self.finished, self.timesSeen) = (reason, came, finished, timesSeen)
      (self.attempts, self.previews, self.chain) = (attempts, previews, chain)
      (self.deliveries, self.events) = (deliveries, events)
    }
  }

  public struct Link: Sendable {
    public var step: String
    public var sha256: String
    public var detail: String

    public init(step: String, sha256: String, detail: String) {
      (self.step, self.sha256, self.detail) = (step, sha256, detail)
    }
  }

  public struct Delivery: Sendable {
    public var kind: String
    public var destination: String
    public var state: String
    public var answer: String

    public init(kind: String, destination: String, state: String, answer: String) {
      (self.kind, self.destination, self.state, self.answer) = (kind, destination, state, answer)
    }
  }

  public struct Event: Sendable {
    public var at: String
    public var event: String
    public var detail: String

    public init(at: String, event: String, detail: String) {
      (self.at, self.event, self.detail) = (at, event, detail)
    }
  }

  public var studyInstanceUID: String
  public var patient: String
  public var files: [File]

  public init(studyInstanceUID: String, patient: String, files: [File]) {
    (self.studyInstanceUID, self.patient, self.files) = (studyInstanceUID, patient, files)
  }
}
