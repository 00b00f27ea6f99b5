internal import COpenBLAS

/// What this machine can do at best: the measure that times are compared with.
public enum MachinePeak {
  /// float32 GFLOPS of OpenBLAS's SGEMM on 1536 x 1536 matrices, the best of `runs`.
  public static func gflops(threads: Int, runs: Int = 5) -> Double {
    let n = 1536
    let a = (0..<n * n).map { Float($0 % 7) * 0.25 }
    var c = [Float](repeating: 0, count: n * n)
    openblas_set_num_threads(Int32(threads))
    defer { openblas_set_num_threads(1) }
    var best = Double.infinity
    for _ in 0...runs {
      let begin = ContinuousClock.now
      Float.gemm(
        transposeA: false, transposeB: false, m: n, n: n, k: n, alpha: 1, a: a, b: a, beta: 0, c: &c)
      best = min(best, (ContinuousClock.now - begin) / .seconds(1))
    }
    return 2 * Double(n * n * n) / best / 1e9
  }
}
