/// What an answer to a STOW-RS request means for the objects that were in it (PS3.18 10.5.3).
package enum StoreJudgement: Sendable, Hashable {
  /// For each of them, in their order.
  case answered([PeerAnswer])
  /// The request was refused as a whole, which may be the fault of one: each is to be sent by itself.
  case divide
  /// It is no object's fault.
  case trouble(PeerTrouble)

  /// An answer as it came.
  package struct Answer: Sendable, Hashable {
    package var status: Int
    package var contentType = ""
    package var body: [UInt8] = []
    package var retryAfter: String?
    package var location: String?

    package init(status: Int) { self.status = status }
  }

  /// Pure.
  /// - Parameter uids: SOP Instance UIDs of the objects.
  package init(_ answer: Answer, of uids: [String]) {
    let status = answer.status
    let response = StoreInstancesResponse(body: answer.body, contentType: answer.contentType)
    let names = response.map { response in
      uids.contains { response.stored[$0] != nil || response.failed[$0] != nil }
    }
    switch status {
    case 200..<300, 409:
      if let response, names == true {
        self = .answered(uids.map { Self.answer(of: response, for: $0, status) })
      } else if status == 409 || status == 202 {
        // Some failed, and nobody says which.
        self = Self.whole(uids, .refusedForGood(Self.words(answer)))
      } else if !answer.body.isEmpty, !Self.isEmptyList(answer, response) {
        // Whoever answers with something else may be a proxy, or hasn't said it to its end.
        self = .trouble(PeerTrouble("\(status), with an answer that isn't a list of what was stored"))
      } else {
        // Success means all of them, also where the list is missing.
        self = .answered(uids.map { _ in .taken("\(status), without a list") })
      }
    case 300..<400:
      let target = answer.location.map { " to \($0)" } ?? ""
      self = .trouble(PeerTrouble("\(status): the address moved\(target); redirects aren't followed"))
    case 401, 403, 407: self = .trouble(PeerTrouble("\(status): the credentials aren't accepted"))
    case 404, 405, 410:
      self = .trouble(PeerTrouble("\(status): nothing takes objects at this address"))
    case 406: self = .trouble(PeerTrouble("406: it doesn't answer in DICOM JSON or XML"))
    case 408, 425, 429, 502, 503, 504, 507:
      self = .trouble(
        PeerTrouble("\(status): it can't take objects now", retryAfter: Self.seconds(answer.retryAfter)))
    case 400..<500: self = Self.whole(uids, .refusedForGood(Self.words(answer)))
    case 500..<600: self = Self.whole(uids, .refusedForNow(Self.words(answer)))
    default: self = .trouble(PeerTrouble("\(status): not an answer of HTTP"))
    }
  }

  /// `{}` or `[]`, as servers write that have nothing to say.
  private static func isEmptyList(_ answer: Answer, _ response: StoreInstancesResponse?) -> Bool {
    answer.contentType.lowercased().contains("json") && response?.isEmpty == true
  }

  private static func whole(_ uids: [String], _ answer: PeerAnswer) -> StoreJudgement {
    uids.count > 1 ? .divide : .answered(uids.map { _ in answer })
  }

  private static func answer(
    of response: StoreInstancesResponse, for uid: String, _ status: Int
  ) -> PeerAnswer {
    if let failure = response.failed[uid] {
      return failure.map(PeerAnswer.init(failureReason:)) ?? .refusedForNow("\(status), without a reason")
    }
    guard let warning = response.stored[uid] else {
      return .refusedForNow("\(status), and its answer doesn't name this object")
    }
    return .taken(warning.map { "\(status), warning \(DIMSEStatus($0))" } ?? "\(status)")
  }

  /// The status, and what a person wrote beside it.
  private static func words(_ answer: Answer) -> String {
    let type = answer.contentType.lowercased()
    guard type.hasPrefix("text/plain"), !answer.body.isEmpty else { return "\(answer.status)" }
    return PeerText.cleaned(
      "\(answer.status): " + String(decoding: answer.body.prefix(1000), as: UTF8.self), limit: 200)
  }

  /// Retry-After in seconds, at most an hour; its other form, a date, counts as none.
  private static func seconds(_ text: String?) -> Int? {
    text.flatMap { Int($0) }.map { min(max($0, 1), 3600) }
  }
}
