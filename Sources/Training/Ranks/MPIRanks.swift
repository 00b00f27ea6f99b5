#if MPI
  internal import CMPI

  /// Ranks that `mpirun` or `srun` started, over MPI.
  final class MPIRanks: RankGroup {
    let rank, count, neighbours: Int

    /// - Throws: `RankFailure.cannotJoin`
    init() throws(RankFailure) {
      var (rank, count, neighbours): (Int32, Int32, Int32) = (0, 1, 1)
      let code = unsafe cmpi_start(&rank, &count, &neighbours)
      guard code == MPI_SUCCESS else {
        throw .cannotJoin("MPI can't be started: \(Self.description(of: code))")
      }
      (self.rank, self.count, self.neighbours) = (Int(rank), Int(count), Int(neighbours))
    }

    func send(_ message: [UInt8], to other: Int) throws(RankFailure) {
      let code = unsafe message.withUnsafeBytes {
        unsafe cmpi_send($0.baseAddress, $0.count, Int32(other))
      }
      guard code == MPI_SUCCESS else { throw .lost(rank: other, Self.description(of: code)) }
    }

    func receive(from other: Int) throws(RankFailure) -> [UInt8] {
      var message: UnsafeMutableRawPointer?
      var count = 0
      var code = unsafe cmpi_await(Int32(other), &message, &count)
      guard code == MPI_SUCCESS else { throw .lost(rank: other, Self.description(of: code)) }
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        code = unsafe cmpi_receive(message, buffer.baseAddress, count)
        initialized = count
      }
      guard code == MPI_SUCCESS else { throw .lost(rank: other, Self.description(of: code)) }
      return bytes
    }

    func leave() { _ = cmpi_end() }

    func abandon(status: Int32) { cmpi_abort(status) }

    private static func description(of code: Int32) -> String {
      var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING))
      unsafe text.withUnsafeMutableBufferPointer { unsafe cmpi_describe(code, $0.baseAddress) }
      return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
#endif
