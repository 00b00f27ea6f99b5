import Foundation
import Glibc
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
  /// The AE title of ours, and the port that it sends answers to.
  private let process = Process()

  /// - Parameter caller: the AE title and port of ours, where its own associations go.
  init(in folder: URL, caller: (title: String, port: Int)? = nil) async throws {
    (http, dicom) = (try FreePort.next(), try FreePort.next())
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

/// Ports on which nobody listens.
enum FreePort {
  static func next() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
      }
    }
    try #require(code == 0)
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
