import FoundationEssentials
internal import GRDB

/// A transaction of SQLite's. One writes at a time, so nobody has to be kept from anything.
struct SQLiteSession: LedgerSession {
  let db: Database

  var dialect: SQLDialect { .sqlite }

  func rows(_ sql: String, _ values: LedgerValues) throws -> [LedgerRow] {
    let answer = try LedgerRows(try db.cachedStatement(sql: sql), values)
    var rows: [LedgerRow] = []
    while let row = try answer.next() { rows.append(row) }
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

/// A query's answer, gone through once to its end. GRDB's own makes a table of the columns' names for every answer, which
/// takes longer than finding a row.
private final class LedgerRows: DatabaseCursor {
  typealias Element = LedgerRow

  let _statement: Statement
  var _isDone = false
  private let columns: [String]

  init(_ statement: Statement, _ values: LedgerValues) throws {
    _statement = statement
    columns = statement.columnNames
    try statement.setArguments(StatementArguments(values))
  }

  func _element(sqliteStatement: SQLiteStatement) -> LedgerRow {
    LedgerRow(columns, columns.indices.map { unsafe LedgerValue(sqliteStatement, $0) })
  }
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
