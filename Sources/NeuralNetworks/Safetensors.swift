public import Foundation

/// Named arrays in the safetensors format: eight bytes of header length, a JSON header, raw little-endian
/// data. Source: https://github.com/huggingface/safetensors (format section).
public struct Safetensors: Sendable {
  public struct Array: Sendable, Equatable {
    public let shape: [Int]
    public let values: [Float]
    public init(shape: [Int], values: [Float]) {
      precondition(shape.reduce(1, *) == values.count)
      self.shape = shape
      self.values = values
    }
  }
  public enum Precision: String, Sendable {
    case float32 = "F32"
    case float16 = "F16"
    var bytes: Int { self == .float32 ? 4 : 2 }
  }

  public var arrays: [String: Array]
  public var metadata: [String: String]

  public init(arrays: [String: Array] = [:], metadata: [String: String] = [:]) {
    self.arrays = arrays
    self.metadata = metadata
  }

  /// - Throws: `SafetensorsError` saying what is wrong with the bytes.
  public init(_ data: Data) throws(SafetensorsError) {
    guard data.count >= 8 else { throw .malformed("shorter than its header length") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length >= 2, length <= 100_000_000, length <= UInt64(data.count - 8) else {
      throw .malformed("header length \(length) in a file of \(data.count) bytes")
    }
    let header = data.dropFirst(8).prefix(Int(length))
    guard let object = try? JSONSerialization.jsonObject(with: Data(header)) as? [String: Any] else {
      throw .malformed("the header is not JSON")
    }
    arrays = [:]
    metadata = object["__metadata__"] as? [String: String] ?? [:]
    let body = data.dropFirst(8 + Int(length))
    var extents: [(begin: Int, end: Int)] = []
    for (name, value) in object where name != "__metadata__" {
      guard let entry = value as? [String: Any], let dtype = entry["dtype"] as? String,
        let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int],
        offsets.count == 2
      else { throw .malformed("the header entry of \(name)") }
      arrays[name] = try Self.array(name, dtype, shape, offsets, body)
      extents.append((offsets[0], offsets[1]))
    }
    // The format allows neither overlaps nor holes.
    var end = 0
    for extent in extents.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard extent.begin == end else { throw .malformed("its arrays overlap or leave a gap") }
      end = extent.end
    }
    guard end == body.count else { throw .malformed("\(body.count - end) bytes belong to no array") }
  }

  private static func array(
    _ name: String, _ dtype: String, _ shape: [Int], _ offsets: [Int], _ body: Data
  ) throws(SafetensorsError) -> Array {
    guard let precision = Precision(rawValue: dtype) else { throw .unsupportedType(name, dtype) }
    var count = 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { throw .malformed("the shape of \(name)") }
      count = product
    }
    let (size, tooLarge) = count.multipliedReportingOverflow(by: precision.bytes)
    guard !tooLarge, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= body.count,
      offsets[1] - offsets[0] == size
    else { throw .malformed("the extent of \(name)") }
    let bytes = [UInt8](body.dropFirst(offsets[0]).prefix(size))
    var values = [Float](repeating: 0, count: count)
    for i in 0..<count {
      switch precision {
      case .float32:
        let b = 4 * i
        values[i] = Float(
          bitPattern: UInt32(bytes[b]) | UInt32(bytes[b + 1]) << 8 | UInt32(bytes[b + 2]) << 16
            | UInt32(bytes[b + 3]) << 24)
      case .float16:
        values[i] = Float(Float16(bitPattern: UInt16(bytes[2 * i]) | UInt16(bytes[2 * i + 1]) << 8))
      }
    }
    return Array(shape: shape, values: values)
  }

  /// The file's bytes; arrays in the order of their names, so that equal contents give equal bytes.
  public func encoded(_ precision: Precision = .float32) -> Data {
    var header: [String: Any] = [:]
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    var body = Data()
    for (name, array) in arrays.sorted(by: { $0.key < $1.key }) {
      let begin = body.count
      switch precision {
      case .float32: body.append(contentsOf: array.values.flatMap { $0.bitPattern.littleEndianBytes })
      case .float16:
        body.append(contentsOf: array.values.flatMap { Float16($0).bitPattern.littleEndianBytes })
      }
      header[name] = [
        "dtype": precision.rawValue, "shape": array.shape, "data_offsets": [begin, body.count],
      ]
    }
    guard
      var json = try? JSONSerialization.data(
        withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    else { preconditionFailure("a header of names and numbers is JSON") }
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return Data(UInt64(json.count).littleEndianBytes) + json + body
  }
}

public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
  case malformed(String)
  case unsupportedType(String, String)

  public var description: String {
    switch self {
    case .malformed(let what): "not a valid safetensors file: \(what)"
    case .unsupportedType(let name, let type): "safetensors: \(name) has type \(type); F32 and F16 are read"
    }
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
