internal import CKernels

/// Zero-initialised, 64-byte aligned memory that feature maps are views of. It is allocated once, when a
/// network is laid out for an input size, and never while it runs.
@safe public final class Memory<Element: Scalar>: @unchecked Sendable {
  // Invariant: one thread at a time computes with the maps of a memory; whoever lays it out owns it.
  let base: UnsafeMutablePointer<Element>
  public let count: Int

  public init(count: Int) {
    guard let raw = unsafe ck_allocate(max(count, 1) * MemoryLayout<Element>.stride) else {
      fatalError("no memory for \(count) elements")
    }
    unsafe base = unsafe raw.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  deinit { unsafe ck_deallocate(base) }

  /// All elements.
  public var values: [Element] {
    get { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }
    set {
      precondition(newValue.count == count)
      unsafe newValue.withUnsafeBufferPointer { unsafe base.update(from: $0.baseAddress!, count: count) }
    }
  }

  @specialized(where Element == Float)
  public func fill(_ value: Element) { unsafe base.update(repeating: value, count: count) }

  func copy(to other: Memory) {
    precondition(count == other.count)
    unsafe other.base.update(from: base, count: count)
  }

  /// Elements `range`, for arithmetic in place.
  public func withElements<Result>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Element>) -> Result
  ) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    var span = unsafe MutableSpan(_unsafeStart: base + range.lowerBound, count: range.count)
    return body(&span)
  }
}

/// A part of a memory, such as one parameter of a network.
@safe public struct MemorySlice<Element: Scalar>: Sendable {
  public let memory: Memory<Element>
  public let offset, count: Int

  public init(_ memory: Memory<Element>, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= memory.count)
    self.memory = memory
    offset = range.lowerBound
    count = range.count
  }

  public subscript(index: Int) -> Element {
    get {
      precondition((0..<count).contains(index))
      return unsafe base[index]
    }
    nonmutating set {
      precondition((0..<count).contains(index))
      unsafe base[index] = newValue
    }
  }

  /// Valid while `memory` lives.
  var base: UnsafeMutablePointer<Element> { unsafe memory.base + offset }
}

/// The activations of one image at one place of a network: height x width pixels of `channels` values,
/// channels innermost, `stride` elements from pixel to pixel. A map may be a slice of a wider one, so that
/// concatenation needs no copy. Except for planes (one channel, stride 1), channels are padded to a
/// multiple of 16 with zeros.
public struct FeatureMap<Element: Scalar>: Sendable {
  let memory: Memory<Element>
  let offset: Int
  public let height, width, channels, stride: Int

  /// A map with memory of its own.
  public init(height: Int, width: Int, channels: Int) {
    let padded = channels == 1 ? 1 : Self.padded(channels)
    self.init(
      memory: Memory(count: height * width * padded), offset: 0, height: height, width: width,
      channels: padded, stride: padded)
  }

  init(memory: Memory<Element>, offset: Int, height: Int, width: Int, channels: Int, stride: Int) {
    self.memory = memory
    self.offset = offset
    self.height = height
    self.width = width
    self.channels = channels
    self.stride = stride
  }

  /// Channels rounded up to what the kernels take.
  public static func padded(_ channels: Int) -> Int {
    (channels + Int(CK_CHANNEL_MULTIPLE) - 1) / Int(CK_CHANNEL_MULTIPLE) * Int(CK_CHANNEL_MULTIPLE)
  }

  /// Whether the kernels may read and write whole vectors of channels.
  var hasWholeVectors: Bool { channels % Int(CK_CHANNEL_MULTIPLE) == 0 }

  /// Channels `first ..< first + count` of this map, sharing its memory.
  public func slice(_ first: Int, _ count: Int) -> FeatureMap {
    precondition(first % Int(CK_CHANNEL_MULTIPLE) == 0 && count % Int(CK_CHANNEL_MULTIPLE) == 0)
    precondition(first >= 0 && count >= 0 && first + count <= channels)
    return FeatureMap(
      memory: memory, offset: offset + first, height: height, width: width, channels: count, stride: stride)
  }

  public subscript(row: Int, column: Int, channel: Int) -> Element {
    get { unsafe memory.base[index(row, column, channel)] }
    nonmutating set { unsafe memory.base[index(row, column, channel)] = newValue }
  }

  private func index(_ row: Int, _ column: Int, _ channel: Int) -> Int {
    precondition(
      (0..<height).contains(row) && (0..<width).contains(column) && (0..<channels).contains(channel))
    return offset + (row * width + column) * stride + channel
  }

  /// All values of a channel, row by row.
  @specialized(where Element == Float)
  public func plane(_ channel: Int = 0) -> [Element] {
    precondition((0..<channels).contains(channel))
    var values = [Element](repeating: 0, count: height * width)
    for pixel in 0..<height * width { values[pixel] = unsafe memory.base[offset + pixel * stride + channel] }
    return values
  }

  @specialized(where Element == Float)
  public func setPlane(_ channel: Int = 0, _ values: [Element]) {
    precondition((0..<channels).contains(channel) && values.count == height * width)
    for pixel in 0..<height * width { unsafe memory.base[offset + pixel * stride + channel] = values[pixel] }
  }

  /// The map as the kernels take it. Valid while `memory` lives, which `self` sees to.
  var c: ck_map {
    unsafe ck_map(
      data: memory.base + offset, stride: stride, height: Int32(height), width: Int32(width),
      channels: Int32(channels))
  }
}
