import FoundationEssentials
internal import GRDB

/// A transaction of SQLite's. One writes at a time, so nobody has to be kept from anything.
struct SQLiteSession: LedgerSession {
  let db: Database

  var dialect: SQLDialect { .sqlite }

  /// Values are read by their place: a row of GRDB's looks for each by its name, whatever its case.
  func rows(_ sql: String, _ values: LedgerValues) throws -> [LedgerRow] {
    let statement = try db.cachedStatement(sql: sql)
    let answer = try Row.fetchCursor(statement, arguments: StatementArguments(values))
    let columns = statement.columnNames
    var rows: [LedgerRow] = []
    while try answer.next() != nil {
      rows.append(
        LedgerRow(columns, columns.indices.map { unsafe LedgerValue(statement.sqliteStatement, $0) }))
    }
    return rows
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

extension LedgerValue {
  /// In the row where a statement stands.
  fileprivate init(_ statement: SQLiteStatement, _ column: Int) {
    self =
      switch unsafe DatabaseValue(sqliteStatement: statement, index: CInt(column)).storage {
      case .int64(let number): .integer(number)
      case .string(let text): .text(text)
      case .blob(let bytes): .blob(Array(bytes))
      case .null: .null
      case .double: preconditionFailure("no column of ours is one of real numbers")
      }
  }
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
