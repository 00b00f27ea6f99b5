import FoundationEssentials
internal import GRDB

/// A transaction of SQLite's. One writes at a time, so nobody has to be kept from anything.
struct SQLiteSession: LedgerSession {
  let db: Database

  var dialect: SQLDialect { .sqlite }

  func rows(_ sql: String, _ values: LedgerValues) throws -> [any LedgerRow] {
    try Row.fetchAll(db.cachedStatement(sql: sql), arguments: StatementArguments(values))
  }

  func run(_ sql: String, _ values: LedgerValues) throws {
    try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
  }

  func nextToken() throws -> Int64 {
    try first("value", "UPDATE counter SET value = value + 1 WHERE name = 'token' RETURNING value") ?? 0
  }

  func upcomingToken() throws -> Int64 {
    try first("value", "SELECT value + 1 AS value FROM counter WHERE name = 'token'") ?? 0
  }

  func hold(_ uids: Set<String>) {}
  func holdTrail() {}
}

extension Row: LedgerRow {
  func integer(_ column: String) -> Int64? { self[column] }
  func text(_ column: String) -> String? { self[column] }
  func blob(_ column: String) -> [UInt8]? { (self[column] as Data?).map { Array($0) } }
}

extension StatementArguments {
  fileprivate init(_ values: LedgerValues) {
    self.init(
      values.all.map { value -> DatabaseValue in
        switch value {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let bytes): Data(bytes).databaseValue
        }
      })
  }
}
