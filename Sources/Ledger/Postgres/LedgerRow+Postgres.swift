internal import CPostgres

extension LedgerRow {
  /// Copies the rows out of a result, whose values came in binary form.
  static func all(of result: OpaquePointer) -> [LedgerRow] {
    let width = unsafe PQnfields(result)
    let columns = (0..<width).map { unsafe String(cString: PQfname(result, $0)) }
    let count = unsafe PQntuples(result)
    return (0..<count).map { row in
      LedgerRow(columns, (0..<width).map { unsafe value(result, row, $0) })
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
