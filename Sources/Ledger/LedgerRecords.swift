package import Files

/// A file as the ledger knows it.
package struct InstanceRecord: Sendable, Hashable, Identifiable {
  /// In order of arrival; never used twice.
  package let id: Int64
  package let content: ContentDigest
  /// Digest of the decoded picture; nil until it is read, and where it can't be decoded or needn't be.
  package let pixels: ContentDigest?
  /// Digests of the network's input and of the model's file at the last reading.
  package let tensor: ContentDigest?
  package let weights: ContentDigest?
  package let studyInstanceUID: String
  package let seriesInstanceUID: String
  package let sopInstanceUID: String
  /// The name that the sender gave it, as bytes.
  package let sender: [UInt8]
  /// Where it lies, or lay, below the spool.
  package let spooled: [UInt8]
  /// Where it goes when it is done, below `done` or `rejected`.
  package let home: [UInt8]?
  package let state: InstanceState
  /// Coded reason of a refusal, of the last failure, or of its being parked.
  package let reason: String
  /// The row whose results this one's replace.
  package let replaces: Int64?
  /// The row that it conflicts with.
  package let rival: Int64?
  /// How often the same bytes came.
  package let timesSeen: Int
  /// Its number among the images of its study in order of arrival, from 1 on; it stays when others are forgotten.
  package let number: Int
  package let admittedAt: Timestamp
  package let claimedAt: Timestamp?
  package let finishedAt: Timestamp?

  /// Names the file in the log without telling whose it is: the beginning of its digest, which `status` and
  /// `explain` know, too.
  package var tag: String { String(content.description.prefix(8)) }

  /// The reason of a conflict of identity that somebody refused for good.
  package static let dismissalCode = "uid_conflict_dismissed"

  /// Whether somebody refused it for good, and it hasn't been rejected yet.
  package var isDismissed: Bool { rival != nil && reason == Self.dismissalCode }
}

/// What the reading of a row goes by, as of one moment.
package struct Circumstances: Sendable, Hashable {
  /// The row itself.
  package let instance: InstanceRecord
  /// The image that stands under its UID; nil where none does.
  package let standing: StandingImage?
  /// What was written for it before, superseded or not.
  package let results: [ResultRecord]
  /// Results of other rows that ``results`` replaced.
  package let replaced: [ResultRecord]
  /// The other rows with its SOP Instance UID, in order of arrival.
  package let others: [InstanceRecord]

  /// The same as if nothing stood under its UID.
  package var unaccompanied: Circumstances {
    Circumstances(instance: instance, standing: nil, results: results, replaced: replaced, others: others)
  }
}

/// A file that was written for an instance.
package struct ResultRecord: Sendable, Hashable, Identifiable {
  package let id: Int64
  package let instance: Int64
  package let kind: String
  /// Below the outbox.
  package let path: [UInt8]
  /// Empty for what isn't a DICOM object.
  package let uid: String
  package let content: ContentDigest
  /// The result of the same kind that this one replaces by reference.
  package let replaces: Int64?
  /// Whether another one has taken its place.
  package let isSuperseded: Bool
  /// SOP Class, Study and Series Instance UID; empty as `uid`, and where an older program wrote it.
  package let sopClassUID: String
  package let studyInstanceUID: String
  package let seriesInstanceUID: String
}

/// The image that stands under the UID of one that is to be read.
package struct StandingImage: Sendable, Hashable {
  package let instance: InstanceRecord
  /// Those that are in use.
  package let results: [ResultRecord]
  /// Somebody has accepted that the new one takes its place, whatever it shows.
  package let isAccepted: Bool
}

/// A result's way to one destination.
package struct DeliveryRecord: Sendable, Hashable, Identifiable {
  package let id: Int64
  package let result: ResultRecord
  package let destination: String
  package let state: DeliveryState
  /// The peer's last answer in words, with its status.
  package let answer: String
  package let createdAt: Timestamp
  package let sentAt: Timestamp?
}

/// Files of one study, leased together.
package struct Claim: Sendable, Hashable {
  package let lease: Lease
  package let instances: [InstanceRecord]
}

/// Results for one destination, leased together, so that one association can carry them.
package struct DeliveryClaim: Sendable, Hashable {
  package let lease: Lease
  package let deliveries: [DeliveryRecord]
}

/// How a destination does.
package struct DestinationCounts: Sendable, Hashable {
  package let destination: String
  /// Those that aren't there yet, or aren't confirmed.
  package var waiting = 0
  package var sent = 0
  /// Those that wait for a person.
  package var failed = 0
  /// When the next one is tried again that was refused for the time being.
  package var next: Timestamp?
  /// The peer's last words about one that failed, or was refused for the time being.
  package var trouble = ""

  package init(destination: String) { self.destination = destination }

  /// Adds deliveries in a state, as the tables call it.
  mutating func count(_ state: String, _ number: Int) {
    switch state {
    case "sent": sent += number
    case "parked": failed += number
    case "withdrawn": break
    default: waiting += number
    }
  }
}

/// A row of the report.
package struct ReportEntry: Sendable, Hashable {
  /// Grows with every row; the place of a reader.
  package let cursor: Int64
  package let instance: Int64
  /// As its writer encoded it.
  package let record: [UInt8]
  package let at: Timestamp
  /// False for what belongs to the history: a later row tells of the same image.
  package let isCurrent: Bool
}

/// What can be told of all rows of the report that there ever were, whatever was forgotten since.
package struct ReportExtent: Sendable, Hashable {
  /// The highest cursor that a row had; 0: there was none.
  package let last: Int64
  /// How many images were forgotten with their rows.
  package let forgotten: Int64
}

/// A row of a report that was written before there was a ledger, or by one that is lost.
package struct AdoptedRow: Sendable, Hashable {
  /// The SOP Instance UID, or whatever else names the image.
  package var image: String
  package var verdict: Verdict
  /// As it stands there, with its line end.
  package var record: [UInt8]
  /// When it was written, as it says itself; nil stands for the present.
  package var at: Timestamp?

  package init(image: String, verdict: Verdict, record: [UInt8]) {
    self.image = image
    self.verdict = verdict
    self.record = record
  }
}

/// A file that was done before there was this ledger, as it is found in its home.
package struct FoundInstance: Sendable, Hashable {
  package var file: Admission
  package var verdict: Verdict
  package var reason: String
  /// Where it lies, below `done` or `rejected`.
  package var home: [UInt8]
  package var results: [Completion.Result]

  package init(
    _ file: Admission, verdict: Verdict, reason: String, home: [UInt8], results: [Completion.Result]
  ) {
    self.file = file
    self.verdict = verdict
    self.reason = reason
    self.home = home
    self.results = results
  }
}

/// The figures of `status`.
package struct LedgerCounts: Sendable, Hashable {
  /// Waiting for their study, their turn or their next attempt.
  package var queued = 0
  /// Those of them that wait for their next attempt.
  package var delayed = 0
  /// Those that wait for another file with their UID.
  package var behind = 0
  package var working = 0
  package var analysed = 0
  package var notAnalysed = 0
  package var rejected = 0
  package var parked = 0
  package var deliveriesWaiting = 0
  package var deliveriesSent = 0
  /// Parked deliveries.
  package var deliveriesFailed = 0
  /// When the file came that waits longest.
  package var oldest: Timestamp?
  /// When the next file is tried again.
  package var nextRetry: Timestamp?
  /// The highest ``Admission/arrival`` that there was.
  package var lastArrival: Int64 = 0

  package init() {}
}

/// A finished instance that may be forgotten, and the files that then belong to nothing.
package struct PrunableInstance: Sendable, Hashable {
  package let instance: InstanceRecord
  package let results: [ResultRecord]
  /// Its results whose place others have taken.
  package let superseded: [ResultRecord]

  /// A place in their order.
  package struct Mark: Sendable, Hashable, Comparable {
    package let finishedAt: Timestamp
    package let id: Int64

    package init(finishedAt: Timestamp, id: Int64) { (self.finishedAt, self.id) = (finishedAt, id) }

    package static func < (left: Mark, right: Mark) -> Bool {
      left.finishedAt == right.finishedAt ? left.id < right.id : left.finishedAt < right.finishedAt
    }
  }

  /// Nil for one that never ended, which isn't prunable.
  package var mark: Mark? { instance.finishedAt.map { Mark(finishedAt: $0, id: instance.id) } }
}
