import Files
import SystemPackage

/// The command line's arguments as the bytes that they are: Swift's own list of them replaces what isn't UTF-8.
enum ArgumentBytes {
  /// The paths that arguments stand for, in their order.
  static func paths(_ arguments: [String]) -> [FilePath] {
    var replaced: [String: [FilePath]] = [:]
    for argument in CommandLine.bytes where String(validating: argument) == nil {
      replaced[argument.string, default: []].append(argument)
    }
    return arguments.map { argument in
      guard let path = replaced[argument]?.first else { return FilePath(argument) }
      // Several may read alike; they come in the same order.
      replaced[argument]?.removeFirst()
      return path
    }
  }
}

extension CommandLine {
  /// Every argument.
  fileprivate static var bytes: [FilePath] {
    (0..<Int(argc)).compactMap { index in
      unsafe unsafeArgv[index].map { unsafe FilePath(platformString: $0) }
    }
  }
}
