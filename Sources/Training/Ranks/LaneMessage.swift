internal import MultiMix
internal import NeuralNetworks
internal import Tensors

/// A sum of lanes as bytes, as they lie in memory (ranks run the same program on the same kind of processor):
///
/// | bytes | what |
/// |---|---|
/// | 8 | 1 where somebody was told to stop |
/// | 8 each | the terms |
/// | 4 each (float32) | the gradient, if there is one |
enum LaneMessage {
  static let headerBytes = 8 + 8 * LossValues().numbers.count

  /// Written into its place at once: a gradient is too long to be copied more often than it has to.
  static func encoded<Element: Scalar>(_ sum: LaneSum<Element>) -> [UInt8] {
    let header: [UInt64] = [sum.isCancelled ? 1 : 0] + sum.terms.numbers.map(\.bitPattern)
    let count = headerBytes + (sum.gradient?.layout.count ?? 0) * MemoryLayout<Element>.stride
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let all = UnsafeMutableRawBufferPointer(buffer)
      unsafe header.withUnsafeBytes { unsafe all.copyMemory(from: $0) }
      sum.gradient?.withAll { values in
        unsafe values.withUnsafeBytes {
          unsafe UnsafeMutableRawBufferPointer(rebasing: all[headerBytes...]).copyMemory(from: $0)
        }
      }
      initialized = count
    }
  }

  /// - Parameter memory: for the gradient, if there is one; nil takes some of its own.
  /// - Returns: nil where the message has another length than it should.
  static func decoded<Element: Scalar>(
    _ message: [UInt8], _ layout: ParameterLayout, into memory: Parameters<Element>?
  ) -> LaneSum<Element>? {
    let stride = MemoryLayout<Element>.stride
    guard message.count == headerBytes || message.count == headerBytes + layout.count * stride else {
      return nil
    }
    var sum = LaneSum<Element>()
    let header = unsafe message.withUnsafeBytes { bytes in
      (0..<headerBytes / 8).map { unsafe bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
    }
    sum.isCancelled = header[0] != 0
    sum.terms.numbers = header.dropFirst().map { Double(bitPattern: $0) }
    if message.count > headerBytes {
      let gradient = memory ?? Parameters(layout)
      gradient.withAll { values in
        unsafe values.withUnsafeMutableBytes { own in
          unsafe message.withUnsafeBytes {
            unsafe own.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[headerBytes...]))
          }
        }
      }
      sum.gradient = gradient
    }
    return sum
  }
}

extension Parameters {
  fileprivate func withAll(_ body: (inout MutableSpan<Element>) -> Void) {
    memory.withElements(0..<layout.count, body)
  }
}

extension Array where Element: BitwiseCopyable {
  var bytesInMemory: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}
