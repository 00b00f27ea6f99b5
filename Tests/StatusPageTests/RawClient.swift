import Foundation
import Glibc
import TestSupport

/// A client that sends exactly the bytes that it is given, for what no browser would send.
struct RawClient {
  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: String
  }

  let port: Int

  /// Sends a whole request and reads until the server closes or an answer is whole.
  func request(
    _ method: String = "GET", _ path: String, headers: [String: String] = [:], body: String? = nil
  ) throws -> Answer {
    var lines = ["\(method) \(path) HTTP/1.1"]
    var headers = headers
    if headers["Host"] == nil { headers["Host"] = "127.0.0.1:\(port)" }
    headers["Connection"] = "close"
    if let body {
      headers["Content-Length"] = "\(body.utf8.count)"
      headers["Content-Type"] = "application/x-www-form-urlencoded"
    }
    lines += headers.map { "\($0): \($1)" }
    return try send((lines + ["", body ?? ""]).joined(separator: "\r\n"))
  }

  func send(_ text: String, seconds: Int = 20) throws -> Answer {
    let descriptor = try connected(seconds: seconds)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes[sent...].withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      sent += count
    }
    let begun = ContinuousClock.now
    let came = read(descriptor)
    guard let answer = Self.answer(came) else {
      throw Unanswered(request: String(text.prefix(60)), came: came.count, after: begun.duration(to: .now))
    }
    return answer
  }

  /// What came, and until when, instead of a whole answer.
  struct Unanswered: Error {
    let request: String
    let came: Int
    let after: Duration
  }

  func connected(seconds: Int = 20) throws -> Int32 {
    guard let descriptor = TestEnvironment.connection(toPort: UInt16(port), seconds: seconds) else {
      throw POSIXError(.ECONNREFUSED)
    }
    return descriptor
  }

  /// Whatever comes until the server closes, or nothing more in time.
  func read(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe recv(descriptor, &part, part.count, 0)
      guard count > 0 else { return all }
      all += part[..<count]
    }
  }

  /// Nil where it isn't a whole one.
  static func answer(_ bytes: [UInt8]) -> Answer? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.split(separator: " ")[1]) else {
      return nil
    }
    var headers: [String: String] = [:]
    for line in text[..<end.lowerBound].components(separatedBy: "\r\n").dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    return Answer(status: status, headers: headers, body: String(text[end.upperBound...]))
  }
}
