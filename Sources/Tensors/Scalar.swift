internal import CKernels
internal import COpenBLAS
internal import Foundation

/// An element type that the engine computes in: `Float` for work, `Double` for checking gradients.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// The vectorised loops for this type, chosen from what the processor has.
  static var kernels: Kernels { get }
  /// c [m, n] = alpha a [m, k] b [k, n] + beta c, row-major, each operand optionally stored transposed.
  @unsafe static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Self, a: UnsafePointer<Self>,
    b: UnsafePointer<Self>, beta: Self, c: UnsafeMutablePointer<Self>)
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
  public static let revision = 4

  /// The instruction set: `avx512`, `avx2` or `portable`.
  public var name: String { unsafe String(cString: table.pointee.name) }

  /// What results are bound to, to the last bit: these kernels, their revision, and the OpenBLAS beside them with the
  /// processor's kind that it found.
  public var signature: String {
    "\(name) \(Self.revision), \(Self.library)".trimmingCharacters(in: .whitespaces)
  }

  /// Asked for once: OpenBLAS puts the words together in a buffer of its own, which two threads at a time would spoil.
  private static let library = unsafe openblas_get_config().map { unsafe String(cString: $0) } ?? ""

  /// The float32 kernels for a named instruction set, or nil where this processor lacks it.
  public static func float32(_ name: String) -> Kernels? {
    unsafe ck_kernels_f32_named(name).map { unsafe Kernels($0) }
  }
}

extension Scalar {
  /// c [m, n] = alpha a [m, k] b [k, n] + beta c, row-major, each operand optionally stored transposed.
  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Self, a: [Self], b: [Self],
    beta: Self, c: inout [Self]
  ) {
    precondition(a.count >= m * k && b.count >= k * n && c.count >= m * n)
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe c.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          unsafe gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: alpha, a: a, b: b,
            beta: beta, c: c)
        }
      }
    }
  }
}

extension Float: Scalar {
  public static let kernels = unsafe Kernels(ck_kernels_f32())

  @unsafe public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float, a: UnsafePointer<Float>,
    b: UnsafePointer<Float>, beta: Float, c: UnsafeMutablePointer<Float>
  ) {
    unsafe cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(transposeA ? m : k), b,
      blasint(transposeB ? k : n), beta, c, blasint(n))
  }

  /// Has OpenBLAS take the memory that products work in: 128 MB, of which they touch little, once for as many as run at a
  /// time. It keeps it. Where a limit denies it later, OpenBLAS doesn't fail but asks again for ever.
  public static func claimWorkspace() {
    // Smaller ones do without.
    let side = 128
    let values = [Float](repeating: 0, count: side * side)
    var product = values
    gemm(
      transposeA: false, transposeB: false, m: side, n: side, k: side, alpha: 1, a: values, b: values,
      beta: 0,
      c: &product)
  }

  public static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  public static func log(_ x: Float) -> Float { Foundation.log(x) }
}

extension Double: Scalar {
  public static let kernels = unsafe Kernels(ck_kernels_f64())

  @unsafe public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Double, a: UnsafePointer<Double>,
    b: UnsafePointer<Double>, beta: Double, c: UnsafeMutablePointer<Double>
  ) {
    unsafe cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), alpha, a, blasint(transposeA ? m : k), b,
      blasint(transposeB ? k : n), beta, c, blasint(n))
  }

  public static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  public static func log(_ x: Double) -> Double { Foundation.log(x) }
}
