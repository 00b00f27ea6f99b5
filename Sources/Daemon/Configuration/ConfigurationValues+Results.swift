import Analysis

extension ConfigurationValues {
  /// What the configuration says of results; `options` where it says nothing.
  func resultOptions(_ options: ResultOptions) throws(ConfigurationFailure) -> ResultOptions {
    var options = options
    if let names = try names("results") {
      var kinds: [ResultOptions.Kind] = []
      for name in names {
        guard let kind = ResultOptions.Kind(rawValue: name) else {
          let known = ResultOptions.Kind.allCases.map(\.rawValue).joined(separator: ", ")
          throw failure("results", "holds '\(name)'; it takes \(known)")
        }
        if !kinds.contains(kind) { kinds.append(kind) }
      }
      guard !kinds.isEmpty else { throw failure("results", "is empty: nothing would be written") }
      options.kinds = kinds
    }
    options.frames = try choice("capture_frames") ?? options.frames
    if let side = try integer("capture_longest_side", in: 0...30_000) {
      guard side == 0 || side >= 512 else {
        throw failure("capture_longest_side", "is '\(side)'; it must be 0, or at least 512")
      }
      options.longestSide = side
    }
    options.encoding = try choice("capture_encoding") ?? options.encoding
    options.unstated = try choice("unstated") ?? options.unstated
    return options
  }

  /// A list, or a text of names with commas between them, as an environment variable has it.
  func names(_ key: String) throws(ConfigurationFailure) -> [String]? {
    var parts = try? list(key)
    if parts == nil, let text = try text(key) { parts = [text] }
    return parts?.flatMap { $0.split(whereSeparator: { ", ".contains($0) }).map(String.init) }
  }
}
