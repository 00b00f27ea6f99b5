import Foundation
import NeuralNetworks
import Testing

@Suite struct SafetensorsTests {
  static let values: [Float] = [
    0, -0.0, 1, -1.5, .pi, .leastNonzeroMagnitude, -0x1p-133, .leastNormalMagnitude, .greatestFiniteMagnitude,
    .infinity,
    -.infinity, 65504,
  ]

  @Test func float32SurvivesExactly() throws {
    let file = Safetensors(
      arrays: [
        "z": .init(shape: [3, 2, 2], values: Self.values), "scalar": .init(shape: [], values: [7]),
        "empty": .init(shape: [0, 5], values: []), "name \"ü\"/x": .init(shape: [1], values: [2]),
      ], metadata: ["a": "b", "schlüssel": "\"quoted\"\n"])
    let data = file.encoded()
    let read = try Safetensors(data)
    #expect(read.metadata == file.metadata)
    #expect(Set(read.arrays.keys) == Set(file.arrays.keys))
    for (name, array) in file.arrays {
      #expect(read.arrays[name]?.shape == array.shape)
      #expect(read.arrays[name]?.values.map(\.bitPattern) == array.values.map(\.bitPattern))
    }
    // Equal contents, equal bytes; the data begins at a multiple of eight.
    #expect(read.encoded() == data)
    #expect((8 + headerLength(data)) % 8 == 0)
  }

  @Test func nanStaysNaN() throws {
    for precision in [Safetensors.Precision.float32, .float16] {
      let data = Safetensors(arrays: ["x": .init(shape: [2], values: [.nan, -.nan])]).encoded(precision)
      #expect(try Safetensors(data).arrays["x"]!.values.allSatisfy(\.isNaN))
    }
  }

  /// All 65,536 half-precision values, read and written again.
  @Test func everyHalfIsReadAndWrittenBack() throws {
    let all = (0...UInt16.max).map { $0 }
    var data = Self.file(#"{"x":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#, body: 0)
    data.append(contentsOf: all.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })
    let file = try Safetensors(data)
    let values = file.arrays["x"]!.values
    let wrong = all.indices.filter { i in
      let exact = Float(Float16(bitPattern: all[i]))
      return exact.isNaN ? !values[i].isNaN : values[i].bitPattern != exact.bitPattern
    }
    #expect(wrong.isEmpty)
    let written = halves(file.encoded(.float16))
    #expect(
      all.indices.allSatisfy { values[$0].isNaN ? written[$0] & 0x7fff > 0x7c00 : written[$0] == all[$0] })
  }

  /// Rounding to half precision: every half, the middle between neighbours, and a step to either side.
  @Test func roundsToNearestEven() {
    var floats: [Float] = []
    for bits in 0..<UInt16(0x7c00) {
      let low = Float(Float16(bitPattern: bits))
      let middle = bits == 0x7bff ? 65520 : (low + Float(Float16(bitPattern: bits + 1))) / 2
      for x in [low, middle.nextDown, middle, middle.nextUp] { floats += [x, -x] }
    }
    floats += [1e-8, .leastNonzeroMagnitude, 65536, 1e10, .infinity, -.infinity, .greatestFiniteMagnitude]
    let data = Safetensors(arrays: ["x": .init(shape: [floats.count], values: floats)]).encoded(.float16)
    let written = halves(data)
    let wrong = floats.indices.filter { written[$0] != Float16(floats[$0]).bitPattern }
    #expect(wrong.isEmpty, "\(wrong.prefix(5).map { floats[$0] })")
  }

  // In a process of its own, so that a crash would fail this test and not end the run.
  @Test func malformedFilesAreRefused() async {
    await #expect(processExitsWith: .success) { refuseMalformedFiles() }
  }

  @Test func damagedFilesNeverCrash() async {
    await #expect(processExitsWith: .success) { readDamagedFiles() }
  }

  @Test func errorsSayWhatIsWrong() {
    let entry = #"{"layer.weight":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#
    #expect(throws: SafetensorsError.unsupportedType("layer.weight", "I64")) {
      try Safetensors(Self.file(entry, body: 8))
    }
    let error = #expect(throws: SafetensorsError.self) { try Safetensors(Data([1, 2, 3])) }
    #expect(error?.description == "not a valid safetensors file: shorter than its header length")
  }

  /// A header, its length and `body` zero bytes.
  static func file(_ header: String, body: Int) -> Data {
    let json = Data(header.utf8)
    return Data((0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) }) + json + Data(count: body)
  }

  private func headerLength(_ data: Data) -> Int { (0..<8).reduce(0) { $0 | Int(data[$1]) << ($1 * 8) } }

  /// The data of a file with one float16 array.
  private func halves(_ data: Data) -> [UInt16] {
    let body = [UInt8](data.dropFirst(8 + headerLength(data)))
    return (0..<body.count / 2).map { UInt16(body[2 * $0]) | UInt16(body[2 * $0 + 1]) << 8 }
  }
}

private func refuseMalformedFiles() {
  func header(_ shape: String, _ offsets: String, dtype: String = #""F32""#) -> String {
    #"{"x":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }
  let length = { (n: UInt64) in Data((0..<8).map { UInt8(truncatingIfNeeded: n >> ($0 * 8)) }) }
  let table: [(String, Data)] = [
    ("empty", Data()),
    ("seven bytes", Data(count: 7)),
    ("no header", length(0)),
    ("header longer than the file", length(100) + Data("{}".utf8)),
    ("header length beyond Int", length(.max) + Data("{}".utf8)),
    ("header length at Int's end", length(UInt64(Int.max)) + Data("{}".utf8)),
    ("not JSON", SafetensorsTests.file("{\"x\":", body: 0)),
    ("not UTF-8", length(4) + Data([0x7b, 0xff, 0xfe, 0x7d])),
    ("an array", SafetensorsTests.file("[1,2]", body: 0)),
    ("a number", SafetensorsTests.file("12", body: 0)),
    ("nested too deeply", SafetensorsTests.file(String(repeating: "[", count: 100_000), body: 0)),
    ("entry no object", SafetensorsTests.file(#"{"x":[1]}"#, body: 4)),
    ("no dtype", SafetensorsTests.file(#"{"x":{"shape":[1],"data_offsets":[0,4]}}"#, body: 4)),
    ("no shape", SafetensorsTests.file(#"{"x":{"dtype":"F32","data_offsets":[0,4]}}"#, body: 4)),
    ("no offsets", SafetensorsTests.file(#"{"x":{"dtype":"F32","shape":[1]}}"#, body: 4)),
    ("dtype a number", SafetensorsTests.file(header("[1]", "[0,4]", dtype: "32"), body: 4)),
    ("bfloat16", SafetensorsTests.file(header("[2]", "[0,4]", dtype: #""BF16""#), body: 4)),
    ("one offset", SafetensorsTests.file(header("[1]", "[0]"), body: 4)),
    ("three offsets", SafetensorsTests.file(header("[1]", "[0,4,4]"), body: 4)),
    ("negative begin", SafetensorsTests.file(header("[1]", "[-4,0]"), body: 4)),
    ("end before begin", SafetensorsTests.file(header("[1]", "[4,0]"), body: 4)),
    ("end at Int's beginning", SafetensorsTests.file(header("[1]", "[4,-9223372036854775808]"), body: 4)),
    ("end beyond the file", SafetensorsTests.file(header("[2]", "[0,8]"), body: 4)),
    ("end beyond Int", SafetensorsTests.file(header("[1]", "[0,18446744073709551616]"), body: 4)),
    ("extent too long", SafetensorsTests.file(header("[1]", "[0,8]"), body: 8)),
    ("extent too short", SafetensorsTests.file(header("[2]", "[0,4]"), body: 4)),
    ("negative length", SafetensorsTests.file(header("[-1]", "[0,4]"), body: 4)),
    ("two negative lengths", SafetensorsTests.file(header("[-1,-1]", "[0,4]"), body: 4)),
    ("fractional length", SafetensorsTests.file(header("[1.5]", "[0,4]"), body: 4)),
    ("count overflows", SafetensorsTests.file(header("[4294967296,4294967296]", "[0,0]"), body: 4)),
    ("bytes overflow", SafetensorsTests.file(header("[4611686018427387904]", "[0,0]"), body: 4)),
    (
      "overlapping",
      SafetensorsTests.file(
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        body: 12)
    ),
    (
      "the same place twice",
      SafetensorsTests.file(
        #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        body: 4)
    ),
    ("a hole in front", SafetensorsTests.file(header("[1]", "[4,8]"), body: 8)),
    ("bytes behind", SafetensorsTests.file(header("[1]", "[0,4]"), body: 8)),
  ]
  for (name, data) in table {
    #expect(throws: SafetensorsError.self, "\(name)") { try Safetensors(data) }
  }
}

/// A valid file with bytes changed or cut off: an error or a file, but never a crash.
private func readDamagedFiles() {
  let valid = Safetensors(
    arrays: ["a": .init(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]), "b": .init(shape: [1], values: [7])],
    metadata: ["k": "v"]
  ).encoded()
  var state: UInt64 = 1
  func random(_ n: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % n
  }
  var refused = 0
  for _ in 0..<3000 {
    var data = valid
    if random(4) == 0 { data = data.prefix(random(data.count)) }
    for _ in 0..<random(4) where !data.isEmpty { data[random(data.count)] = UInt8(random(256)) }
    do { _ = try Safetensors(data) } catch { refused += 1 }
  }
  #expect(refused > 1000 && refused < 3000)
}
