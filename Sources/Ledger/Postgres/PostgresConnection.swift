internal import CPostgres
import Glibc

/// One connection, used by one thread at a time. It waits for an answer so long and no longer: behind a network that was
/// cut nobody says that there won't be one.
///
/// Statements are sent one behind the other, and answers awaited only where somebody asks for rows.
@safe final class PostgresConnection {
  private let handle: OpaquePointer
  private let patience: Duration
  /// Names of statements that the server knows, by their text.
  private var prepared: [String: String] = [:]
  /// Texts of statements that it is only about to know.
  private var preparing: [String] = []
  private var names = 0
  /// Answers that are still to come.
  private var awaited = 0
  private(set) var isLost = false

  /// So many statements are under way at most.
  private static let depth = 64

  /// - Throws: ``PostgresFailure``.
  init(_ address: PostgresAddress, patience: Duration) throws {
    self.patience = patience
    let parameters = [
      ("fallback_application_name", "mmdicom"), ("dbname", address.uri), ("client_encoding", "UTF8"),
    ]
    unsafe handle = try Self.connect(parameters, ContinuousClock.now + patience)
    guard unsafe PQsetnonblocking(handle, 1) == 0, unsafe PQenterPipelineMode(handle) == 1 else {
      let failure = PostgresFailure.lost(unsafe String(cString: PQerrorMessage(handle)))
      unsafe PQfinish(handle)
      throw failure
    }
  }

  deinit { unsafe PQfinish(handle) }

  private static func connect(
    _ parameters: [(String, String)], _ end: ContinuousClock.Instant
  ) throws -> OpaquePointer {
    let keywords = unsafe parameters.map { unsafe strdup($0.0) }
    let values = unsafe parameters.map { unsafe strdup($0.1) }
    defer {
      for index in parameters.indices {
        unsafe free(keywords[index])
        unsafe free(values[index])
      }
    }
    let handle = unsafe withUnsafePointers(keywords) { keywords in
      unsafe withUnsafePointers(values) { values in unsafe PQconnectStartParams(keywords, values, 1) }
    }
    guard let handle = unsafe handle else { throw PostgresFailure.lost("no memory for a connection") }
    var direction = PGRES_POLLING_WRITING
    while unsafe PQstatus(handle) != CONNECTION_BAD, direction != PGRES_POLLING_OK {
      let events = direction == PGRES_POLLING_READING ? POLLIN : POLLOUT
      guard wait(unsafe PQsocket(handle), Int16(events), until: end) else {
        unsafe PQfinish(handle)
        throw PostgresFailure.lost("no answer in time")
      }
      direction = unsafe PQconnectPoll(handle)
      if direction == PGRES_POLLING_FAILED { break }
    }
    guard unsafe PQstatus(handle) == CONNECTION_OK else {
      // Without the SQLSTATE: libpq doesn't keep it for connections that never came about.
      let failure = PostgresFailure.lost(unsafe String(cString: PQerrorMessage(handle)))
      unsafe PQfinish(handle)
      throw failure
    }
    return unsafe handle
  }

  private static func wait(_ socket: Int32, _ events: Int16, until end: ContinuousClock.Instant) -> Bool {
    while true {
      let left = (end - .now).milliseconds
      guard left > 0 else { return false }
      var entry = pollfd(fd: socket, events: events, revents: 0)
      let found = unsafe poll(&entry, 1, Int32(clamping: left))
      if found > 0 { return true }
      if found < 0, errno != EINTR { return false }
    }
  }

  /// Sends a statement; what it fails with, the next ``rows(_:_:)`` or ``settle()`` tells.
  func run(_ sql: String, _ values: LedgerValues = []) throws {
    if awaited >= Self.depth { try settle() }
    let name: String
    if let known = prepared[sql] {
      name = known
    } else {
      names += 1
      name = "s\(names)"
      try sent(unsafe PQsendPrepare(handle, name, Self.numbered(sql), 0, nil))
      prepared[sql] = name
      preparing.append(sql)
    }
    let all = values.all.map(\.bytes)
    // Binary where it is bytes, text otherwise; PostgreSQL tells the types from the statement.
    let formats = values.all.map { if case .blob = $0 { Int32(1) } else { Int32(0) } }
    let lengths = all.map { Int32($0?.count ?? 0) }
    let places = unsafe all.map { bytes -> UnsafeMutablePointer<CChar>? in
      guard let bytes else { return nil }
      let place = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
      for (index, byte) in bytes.enumerated() { unsafe place[index] = CChar(bitPattern: byte) }
      unsafe place[bytes.count] = 0
      return unsafe place
    }
    defer { for index in all.indices { unsafe places[index]?.deallocate() } }
    let code = unsafe withUnsafePointers(places) { places in
      unsafe PQsendQueryPrepared(handle, name, Int32(all.count), places, lengths, formats, 1)
    }
    try sent(code)
  }

  /// What a query gives.
  func rows(_ sql: String, _ values: LedgerValues = []) throws -> [LedgerRow] {
    try run(sql, values)
    return try answers()
  }

  /// Awaits everything that is under way.
  func settle() throws { _ = try answers() }

  /// Undoes what the transaction did.
  func rollBack() throws {
    // What is still under way ends as it may.
    do { try settle() } catch { if isLost { throw error } }
    try run("ROLLBACK")
    try settle()
  }

  private func sent(_ code: Int32) throws {
    guard code == 1 else { throw lose() }
    awaited += 1
  }

  private func lose(_ detail: String? = nil) -> PostgresFailure {
    isLost = true
    return .lost(detail ?? message)
  }

  private var message: String { unsafe String(cString: PQerrorMessage(handle)) }

  /// Awaits everything that is under way; returns the rows of the last statement.
  private func answers() throws -> [LedgerRow] {
    guard unsafe PQpipelineSync(handle) == 1 else { throw lose() }
    let end = ContinuousClock.now + patience
    var failure: PostgresFailure?
    var rows: [LedgerRow] = []
    for _ in 0..<awaited {
      rows = []
      while let result = unsafe try next(until: end) {
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK: rows = unsafe LedgerRow.all(of: result)
        case PGRES_COMMAND_OK, PGRES_PIPELINE_ABORTED: break
        default:
          let found = unsafe Self.failure(result)
          failure = failure ?? found
        }
      }
      if unsafe PQstatus(handle) == CONNECTION_BAD {
        isLost = true
        throw failure ?? lose()
      }
    }
    awaited = 0
    guard let mark = unsafe try next(until: end) else { throw failure ?? lose() }
    let status = unsafe PQresultStatus(mark)
    unsafe PQclear(mark)
    guard status == PGRES_PIPELINE_SYNC else { throw lose("the server's answers are out of step") }
    if let failure {
      // Whether these came about isn't known; a name is never used again.
      for sql in preparing { prepared[sql] = nil }
      preparing = []
      if failure.isLost { isLost = true }
      throw failure
    }
    preparing = []
    return rows
  }

  private func next(until end: ContinuousClock.Instant) throws -> OpaquePointer? {
    while true {
      let left = unsafe PQflush(handle)
      guard left >= 0 else { throw lose() }
      if left == 0, unsafe PQisBusy(handle) == 0 { return unsafe PQgetResult(handle) }
      let events = Int16(left == 1 ? POLLIN | POLLOUT : POLLIN)
      guard Self.wait(unsafe PQsocket(handle), events, until: end) else { throw lose("no answer in time") }
      guard unsafe PQconsumeInput(handle) == 1 else { throw lose() }
    }
  }

  private static func failure(_ result: OpaquePointer) -> PostgresFailure {
    let state = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { unsafe String(cString: $0) }
    let text = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { unsafe String(cString: $0) }
    let whole = unsafe String(cString: PQresultErrorMessage(result))
    return PostgresFailure(state: state ?? "", detail: text ?? whole, isLost: state == nil)
  }

  /// `?` as PostgreSQL counts them.
  static func numbered(_ sql: String) -> String {
    var number = 0
    var isQuoted = false
    return sql.reduce(into: "") { text, character in
      if character == "'" { isQuoted.toggle() }
      guard character == "?", !isQuoted else { return text.append(character) }
      number += 1
      text += "$\(number)"
    }
  }
}

/// Lends pointers as an array of constant texts that ends with NULL.
private func withUnsafePointers<T>(
  _ pointers: [UnsafeMutablePointer<CChar>?],
  _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T
) -> T {
  let constants = unsafe pointers.map { unsafe UnsafePointer<CChar>($0) } + [nil]
  return unsafe constants.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}

extension LedgerValue {
  /// As it is sent; nil for NULL.
  fileprivate var bytes: [UInt8]? {
    switch self {
    case .null: nil
    case .integer(let number): Array(String(number).utf8)
    case .text(let text): Array(text.storable.utf8)
    case .blob(let bytes): bytes
    }
  }
}
