import Ledger

/// Every state and every event, and one letter for what each does in each: the first letter of the new state
/// as it stands in the table's head, `=` unchanged, `!` stale lease, `-` impossible.
enum InstanceTable {
  static let rules = LedgerRules()
  static let now = Timestamp(milliseconds: 1_000_000)
  static let lease = Lease(token: 7, holder: "a", wait: Wait(from: now, lasting: .seconds(60)))
  static let next = Lease(token: 9, holder: "b", wait: Wait(from: now, lasting: .seconds(60)))
  static let longer = Wait(from: now, lasting: .seconds(600))
  static let tries = Tries(attempts: 1, crashes: 0)

  static let states: [(String, InstanceState)] = [
    ("gathering", .gathering(Tries())), ("ready", .ready(tries)), ("working", .working(tries, lease)),
    ("delayed", .delayed(tries, longer)), ("parked", .parked(tries, isConflict: false)),
    ("conflict", .parked(Tries(), isConflict: true)), ("behind", .behind(tries)),
    ("finished", .finished(tries, .analysed, token: 7)),
    ("filed", .filed(tries, .analysed, token: 7)),
  ]

  static let events: [(String, InstanceEvent)] = [
    ("studyComplete", .studyComplete), ("predecessorDone", .predecessorDone), ("claim", .claim(next)),
    ("renew", .renew(token: 7, longer)),
    ("renew!", .renew(token: 6, longer)), ("release", .release(token: 7)), ("release!", .release(token: 6)),
    ("expire", .expire(now)), ("complete", .complete(token: 7, .analysed)),
    ("complete!", .complete(token: 6, .analysed)), ("fail", .fail(token: 7, now)),
    ("fail!", .fail(token: 6, now)), ("crash", .crash(token: 7)), ("crash!", .crash(token: 6)),
    ("park", .park(token: 7)), ("park!", .park(token: 6)), ("conflict", .conflict(token: 7)),
    ("conflict!", .conflict(token: 6)), ("identifyAnew", .identifyAnew(token: 7)),
    ("identifyAnew!", .identifyAnew(token: 6)), ("due", .due),
    ("retry", .retry(accepts: false)), ("accept", .retry(accepts: true)), ("file", .file),
    ("readAgain", .readAgain),
  ]

  /// A row for each event, a column for each state in the order of ``states``.
  static let expected = """
    studyComplete   r - - - - - - - -
    predecessorDone - - - - - - r - -
    claim           - w - - - - - - -
    renew           ! ! w ! ! ! ! ! !
    renew!          ! ! ! ! ! ! ! ! !
    release         ! ! r ! ! ! ! ! !
    release!        ! ! ! ! ! ! ! ! !
    expire          - - r - - - - - -
    complete        ! ! F ! ! ! ! = =
    complete!       ! ! ! ! ! ! ! ! !
    fail            ! ! d ! ! ! ! ! !
    fail!           ! ! ! ! ! ! ! ! !
    crash           ! ! r ! ! ! ! ! !
    crash!          ! ! ! ! ! ! ! ! !
    park            ! ! p ! ! ! ! ! !
    park!           ! ! ! ! ! ! ! ! !
    conflict        ! ! p ! ! ! ! ! !
    conflict!       ! ! ! ! ! ! ! ! !
    identifyAnew    ! ! g ! ! ! ! ! !
    identifyAnew!   ! ! ! ! ! ! ! ! !
    due             - - - r - - - - -
    retry           = = - r r - = - -
    accept          = = - r r r = - -
    file            - - - - - - - f =
    readAgain       - - - - - - - - g
    """

  static func letter(_ state: InstanceState) -> String {
    switch state {
    case .gathering: "g"
    case .behind: "b"
    case .ready: "r"
    case .working: "w"
    case .delayed: "d"
    case .parked: "p"
    case .finished: "F"
    case .filed: "f"
    }
  }
}

enum DeliveryTable {
  static let now = InstanceTable.now
  static let lease = InstanceTable.lease
  static let longer = InstanceTable.longer

  static let states: [(String, DeliveryState)] = [
    ("due", .due(attempts: 0)), ("sending", .sending(attempts: 1, lease)),
    ("delayed", .delayed(attempts: 1, longer)), ("stored", .stored(attempts: 1, token: 7, longer)),
    ("sent", .sent(attempts: 1, token: 7)),
    ("parked", .parked(attempts: 1)), ("withdrawn", .withdrawn(attempts: 1)),
  ]

  static let events: [(String, DeliveryEvent)] = [
    ("claim", .claim(InstanceTable.next)), ("renew", .renew(token: 7, longer)),
    ("renew!", .renew(token: 6, longer)), ("taken", .settle(token: 7, .taken, now)),
    ("taken!", .settle(token: 6, .taken, now)), ("stored", .settle(token: 7, .stored, now)),
    ("stored!", .settle(token: 6, .stored, now)), ("forNow", .settle(token: 7, .refusedForNow, now)),
    ("forNow!", .settle(token: 6, .refusedForNow, now)), ("forGood", .settle(token: 7, .refusedForGood, now)),
    ("forGood!", .settle(token: 6, .refusedForGood, now)), ("untried", .settle(token: 7, .untried, now)),
    ("untried!", .settle(token: 6, .untried, now)), ("confirmed", .commitment(.confirmed, now)),
    ("notNow", .commitment(.deniedForNow, now)), ("never", .commitment(.deniedForGood, now)),
    ("expire", .expire), ("delayIsOver", .delayIsOver), ("retry", .retry), ("resultChanged", .resultChanged),
    ("withdraw", .withdraw), ("abandon", .abandon),
  ]

  static let expected = """
    claim         s - - - - - -
    renew         ! s ! ! ! ! !
    renew!        ! ! ! ! ! ! !
    taken         ! S ! ! = ! !
    taken!        ! ! ! ! ! ! !
    stored        ! a ! = ! ! !
    stored!       ! ! ! ! ! ! !
    forNow        ! w ! ! ! ! !
    forNow!       ! ! ! ! ! ! !
    forGood       ! p ! ! ! ! !
    forGood!      ! ! ! ! ! ! !
    untried       ! d ! ! ! ! !
    untried!      ! ! ! ! ! ! !
    confirmed     - - - S = - -
    notNow        - - - w - - -
    never         - - - p - - -
    expire        - d - d - - -
    delayIsOver   - - d - - - -
    retry         = = d = = d =
    resultChanged d d d d d d d
    withdraw      x x x x = x =
    abandon       p p p p = = =
    """

  static func letter(_ state: DeliveryState) -> String {
    switch state {
    case .due: "d"
    case .sending: "s"
    case .delayed: "w"
    case .stored: "a"
    case .sent: "S"
    case .parked: "p"
    case .withdrawn: "x"
    }
  }
}
