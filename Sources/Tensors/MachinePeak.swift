internal import CKernels
internal import COpenBLAS
internal import Dispatch

/// What this machine can do at best: the measures that times are compared with.
public enum MachinePeak {
  /// float32 GFLOPS of OpenBLAS's SGEMM on 1536 x 1536 matrices, the best of `runs`.
  public static func gflops(threads: Int, runs: Int = 5) -> Double {
    let n = 1536
    let times = productSeconds(rows: n, columns: n, depth: n, threads: threads, runs: runs)
    return 2 * Double(n * n * n) / (times.min() ?? 1) / 1e9
  }

  /// Seconds of OpenBLAS's SGEMM [rows x depth] . [depth x columns], run by run after one that doesn't count.
  public static func productSeconds(rows: Int, columns: Int, depth: Int, threads: Int, runs: Int) -> [Double]
  {
    let a = (0..<rows * depth).map { Float($0 % 7) * 0.25 }
    let b = (0..<depth * columns).map { Float($0 % 5) * 0.25 }
    var c = [Float](repeating: 0, count: rows * columns)
    openblas_set_num_threads(Int32(threads))
    defer { openblas_set_num_threads(1) }
    return (0...runs).map { _ in
      let begin = ContinuousClock.now
      Float.gemm(
        transposeA: false, transposeB: false, m: rows, n: columns, k: depth, alpha: 1, a: a, b: b, beta: 0,
        c: &c)
      return (ContinuousClock.now - begin) / .seconds(1)
    }.dropFirst().map { $0 }
  }

  /// float32 GFLOPS of multiply-adds in registers alone, in the vectors of the kernels that run: what their matrix
  /// products can't exceed. The best of `runs`.
  public static func registerGFLOPS(threads: Int, runs: Int = 5) -> Double {
    let rounds = 2_000_000
    var best = Double.infinity
    var elements = 0
    for _ in 0...runs {
      let begin = ContinuousClock.now
      let done = concurrentMap(0..<threads, threads: threads) { _ in
        let sink = Memory<Float>(count: 64)
        return unsafe Float.kernels.table.pointee.multiply_add(rounds, sink.base)
      }
      best = min(best, (ContinuousClock.now - begin) / .seconds(1))
      elements = done[0]
    }
    return 2 * Double(threads * rounds * elements) / best / 1e9
  }

  /// Bytes a second that all threads together read and write, copying 32 MiB each; the best of `runs`.
  public static func bytesPerSecond(threads: Int, runs: Int = 5) -> Double {
    let count = 8 << 20
    let pairs = (0..<threads).map { _ in (Memory<Float>(count: count), Memory<Float>(count: count)) }
    var best = Double.infinity
    for _ in 0...runs {
      let begin = ContinuousClock.now
      DispatchQueue.concurrentPerform(iterations: threads) { pairs[$0].0.copy(to: pairs[$0].1) }
      best = min(best, (ContinuousClock.now - begin) / .seconds(1))
    }
    return Double(threads * count * 2 * MemoryLayout<Float>.stride) / best
  }
}
