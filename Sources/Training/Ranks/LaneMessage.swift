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

  static func encoded<Element: Scalar>(_ sum: LaneSum<Element>) -> [UInt8] {
    let header: [UInt64] = [sum.isCancelled ? 1 : 0] + sum.terms.numbers.map(\.bitPattern)
    var message = header.bytesInMemory
    if let gradient = sum.gradient { message += gradient.memory.values.bytesInMemory }
    return message
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
    let header = values(in: message[..<headerBytes], of: UInt64.self)
    var sum = LaneSum<Element>()
    sum.isCancelled = header[0] != 0
    sum.terms.numbers = header.dropFirst().map { Double(bitPattern: $0) }
    if message.count > headerBytes {
      let gradient = memory ?? Parameters(layout)
      gradient.memory.values = values(in: message[headerBytes...], of: Element.self)
      sum.gradient = gradient
    }
    return sum
  }

  private static func values<Value: BitwiseCopyable>(in bytes: ArraySlice<UInt8>, of type: Value.Type)
    -> [Value]
  {
    let count = bytes.count / MemoryLayout<Value>.stride
    return unsafe Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = count
    }
  }
}

extension Array where Element: BitwiseCopyable {
  var bytesInMemory: [UInt8] { unsafe withUnsafeBytes { unsafe [UInt8]($0) } }
}
