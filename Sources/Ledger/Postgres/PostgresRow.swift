internal import CPostgres

/// A row of an answer, whose values came in binary form.
struct PostgresRow: LedgerRow, Sendable {
  private let columns: [String: Int]
  private let values: [LedgerValue]

  func integer(_ column: String) -> Int64? {
    if case .integer(let number) = self[column] { number } else { nil }
  }
  func text(_ column: String) -> String? {
    if case .text(let text) = self[column] { text } else { nil }
  }
  func blob(_ column: String) -> [UInt8]? {
    if case .blob(let bytes) = self[column] { bytes } else { nil }
  }

  private subscript(_ column: String) -> LedgerValue {
    guard let index = columns[column] else { preconditionFailure("there is no column \(column)") }
    return values[index]
  }

  /// Copies the rows out of a result.
  static func all(of result: OpaquePointer) -> [PostgresRow] {
    let width = unsafe PQnfields(result)
    let names = (0..<width).map { column in
      (unsafe String(cString: PQfname(result, column)), Int(column))
    }
    let columns = Dictionary(names) { first, _ in first }
    let count = unsafe PQntuples(result)
    return (0..<count).map { row in
      PostgresRow(columns: columns, values: (0..<width).map { unsafe value(result, row, $0) })
    }
  }

  private static func value(_ result: OpaquePointer, _ row: Int32, _ column: Int32) -> LedgerValue {
    guard unsafe PQgetisnull(result, row, column) == 0 else { return .null }
    let length = Int(unsafe PQgetlength(result, row, column))
    let start = unsafe UnsafeRawPointer(PQgetvalue(result, row, column))
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
    switch unsafe PQftype(result, column) {
    // int8, int4, int2, in the network's order; bool.
    case 20, 23, 21:
      let negative = bytes.first.map { $0 & 0x80 != 0 } ?? false
      return .integer(bytes.reduce(negative ? -1 : 0) { $0 << 8 | Int64($1) })
    case 16: return .integer(bytes == [1] ? 1 : 0)
    case 17: return .blob(bytes)
    default: return .text(String(decoding: bytes, as: UTF8.self))
    }
  }
}
