internal import CKernels
internal import COpenBLAS
internal import Foundation

/// An element type that the engine computes in: `Float` for work, `Double` for checking gradients.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The vectorised loops for this type, chosen from what the processor has.
  static var kernels: Kernels { get }
  /// c [m, n] = alpha a [m, k] b [k, n] + beta c, row-major, each operand optionally stored transposed.
  static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Self, a: [Self], b: [Self],
    beta: Self, c: inout [Self])
  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
}

/// A table of C kernels for one element type and instruction set.
@safe public struct Kernels: @unchecked Sendable {
  // Invariant: points to an immutable table with static lifetime.
  let table: UnsafePointer<ck_kernels>

  init(_ table: UnsafePointer<ck_kernels>) { unsafe self.table = unsafe table }

  /// To be raised whenever sums are added in another order: results then differ in their last bits, and a training
  /// can't be resumed.
  public static let revision = 3

  /// The instruction set: `avx512`, `avx2` or `portable`.
  public var name: String { unsafe String(cString: table.pointee.name) }

  /// The float32 kernels for a named instruction set, or nil where this processor lacks it.
  public static func float32(_ name: String) -> Kernels? {
    unsafe ck_kernels_f32_named(name).map { unsafe Kernels($0) }
  }
}

extension Float: Scalar {
  public static let kernels = unsafe Kernels(ck_kernels_f32())

  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float, a: [Float], b: [Float],
    beta: Float, c: inout [Float]
  ) {
    precondition(a.count >= m * k && b.count >= k * n && c.count >= m * n)
    unsafe cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(transposeA ? m : k), b,
      blasint(transposeB ? k : n), beta, &c, blasint(n))
  }

  public static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  public static func log(_ x: Float) -> Float { Foundation.log(x) }
}

extension Double: Scalar {
  public static let kernels = unsafe Kernels(ck_kernels_f64())

  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Double, a: [Double], b: [Double],
    beta: Double, c: inout [Double]
  ) {
    precondition(a.count >= m * k && b.count >= k * n && c.count >= m * n)
    unsafe cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(transposeA ? m : k), b,
      blasint(transposeB ? k : n), beta, &c, blasint(n))
  }

  public static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  public static func log(_ x: Double) -> Double { Foundation.log(x) }
}
