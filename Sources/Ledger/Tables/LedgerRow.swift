internal import Files

/// A row of a query's answer.
struct LedgerRow: Sendable {
  private let columns: [String]
  private let values: [LedgerValue]

  /// - Parameter columns: the names of the values, the same array for all rows of an answer.
  init(_ columns: [String], _ values: [LedgerValue]) {
    self.columns = columns
    self.values = values
  }

  /// Nil for NULL.
  func integer(_ column: String) -> Int64? {
    if case .integer(let number) = value(of: column) { number } else { nil }
  }
  func text(_ column: String) -> String? {
    if case .text(let text) = value(of: column) { text } else { nil }
  }
  func blob(_ column: String) -> [UInt8]? {
    if case .blob(let bytes) = value(of: column) { bytes } else { nil }
  }

  private func value(of column: String) -> LedgerValue {
    guard let index = columns.firstIndex(of: column) else {
      preconditionFailure("there is no column \(column)")
    }
    return values[index]
  }
}

/// What a column is read as.
protocol LedgerColumn {
  /// Nil for NULL.
  static func read(_ row: LedgerRow, _ column: String) -> Self?
}

extension LedgerRow {
  subscript<Value: LedgerColumn>(_ column: String) -> Value? { Value.read(self, column) }

  /// Of a column that is never NULL.
  subscript<Value: LedgerColumn>(_ column: String) -> Value {
    guard let value = Value.read(self, column) else { preconditionFailure("column \(column) is NULL") }
    return value
  }
}

extension Int64: LedgerColumn {
  static func read(_ row: LedgerRow, _ column: String) -> Int64? { row.integer(column) }
}

extension Int: LedgerColumn {
  static func read(_ row: LedgerRow, _ column: String) -> Int? { row.integer(column).map { Int($0) } }
}

extension Bool: LedgerColumn {
  static func read(_ row: LedgerRow, _ column: String) -> Bool? { row.integer(column).map { $0 != 0 } }
}

extension String: LedgerColumn {
  static func read(_ row: LedgerRow, _ column: String) -> String? { row.text(column) }
}

/// A value for a statement.
enum LedgerValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])
}

/// What can stand in a column.
protocol LedgerStorable {
  var stored: LedgerValue { get }
}

extension Int: LedgerStorable { var stored: LedgerValue { .integer(Int64(self)) } }
extension Int64: LedgerStorable { var stored: LedgerValue { .integer(self) } }
extension Bool: LedgerStorable { var stored: LedgerValue { .integer(self ? 1 : 0) } }
extension String: LedgerStorable { var stored: LedgerValue { .text(self) } }
extension [UInt8]: LedgerStorable { var stored: LedgerValue { .blob(self) } }
extension ContentDigest: LedgerStorable { var stored: LedgerValue { .blob(Array(bytes)) } }

/// The values of a statement, in the order of its `?`.
struct LedgerValues: Sendable, Hashable, ExpressibleByArrayLiteral {
  private(set) var all: [LedgerValue]

  init(arrayLiteral values: (any LedgerStorable)?...) { all = values.map { $0?.stored ?? .null } }

  static func + (left: LedgerValues, right: LedgerValues) -> LedgerValues {
    var sum = left
    sum.all += right.all
    return sum
  }
}
