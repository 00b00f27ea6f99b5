import Foundation
import TestSupport

/// DICOM programs outside of the package that some tests need; where one is missing they are skipped and say so.
enum Tools {
  static let dciodvfy = TestEnvironment.tool("dciodvfy")
  static let dcentvfy = TestEnvironment.tool("dcentvfy")
  static let python = TestEnvironment.python
  static let sharedData = TestEnvironment.shared?.appending(path: "data")

  /// Lines that the validators call errors; dcentvfy's about attributes that differ included.
  static func errors(_ tool: URL, _ files: [URL]) throws -> [String] {
    try TestEnvironment.run(tool, files.map(\.path)).output.split(separator: "\n").map(String.init).filter {
      $0.contains("Error")
    }
  }
}
