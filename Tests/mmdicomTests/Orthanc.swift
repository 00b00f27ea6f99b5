import Foundation
import TestSupport
import Testing

/// Orthanc from Debian's packages, with its DICOMweb plugin, for as long as the value lives.
final class Orthanc {
  static let program: URL? = TestEnvironment.tool("Orthanc")
  private static let plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
  /// Whether it is here as a whole.
  static let isThere = program != nil && FileManager.default.fileExists(atPath: plugin)

  let http: Int
  let dicom: Int
  private let process = Process()

  /// - Parameter caller: the AE title and port of ours, where its own associations go.
  init(in folder: URL, caller: (title: String, port: Int)? = nil) async throws {
    (http, dicom) = (Int(TestEnvironment.freePort()), Int(TestEnvironment.freePort()))
    let place = folder.appending(path: "orthanc")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    var settings: [String: Any] = [
      "Name": "test", "StorageDirectory": place.path, "IndexDirectory": place.path, "Plugins": [Self.plugin],
      "RemoteAccessAllowed": false, "AuthenticationEnabled": true, "RegisteredUsers": ["me": "pass word"],
      "HttpPort": http, "DicomPort": dicom, "DicomAet": "ORTHANC", "DicomWeb": ["Enable": true],
    ]
    if let caller { settings["DicomModalities"] = ["ours": [caller.title, "127.0.0.1", caller.port]] }
    let file = place.appending(path: "orthanc.json")
    try JSONSerialization.data(withJSONObject: settings).write(to: file)
    process.executableURL = Self.program
    process.arguments = [file.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<600 {
      if (try? await get("system")) != nil { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("Orthanc doesn't answer")
  }

  deinit { process.terminate() }

  /// What its own interface answers.
  func get(_ path: String) async throws -> Data {
    let (status, output) = try await curl(["http://localhost:\(http)/\(path)"])
    guard status == 0 else { throw CocoaError(.fileReadUnknown) }
    return output
  }

  /// SOP Class UIDs of what it holds, by Orthanc's own names.
  func classes() async throws -> [String: String] {
    let names = try JSONDecoder().decode([String].self, from: try await get("instances"))
    var classes: [String: String] = [:]
    for name in names {
      let uid = String(decoding: try await get("instances/\(name)/content/SOPClassUID"), as: UTF8.self)
      classes[name] = uid.trimmingCharacters(in: .whitespaces.union(CharacterSet(charactersIn: "\0")))
    }
    return classes
  }

  private func curl(_ arguments: [String]) async throws -> (Int32, Data) {
    try await withCheckedThrowingContinuation { done in
      DispatchQueue.global().async {
        do {
          let curl = Process()
          curl.executableURL = URL(filePath: "/usr/bin/curl")
          curl.arguments = ["--silent", "--fail", "--user", "me:pass word"] + arguments
          let output = Pipe()
          curl.standardOutput = output
          try curl.run()
          let data = output.fileHandleForReading.readDataToEndOfFile()
          curl.waitUntilExit()
          done.resume(returning: (curl.terminationStatus, data))
        } catch { done.resume(throwing: error) }
      }
    }
  }
}
