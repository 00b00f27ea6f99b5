import Daemon
import Foundation
import Glibc
import StatusPage
import Testing

@Suite("Heart, pulse and notices to systemd")
struct HealthTests {
  private let begun = ContinuousClock.now

  @Test func aPartThatKeepsSilentForTooLongStandsStill() {
    let heart = Heart()
    #expect(heart.silent(at: begun + .seconds(10_000)) == [])
    heart.beat(.reading, within: .seconds(60), at: begun)
    heart.beat(.intake, within: .seconds(600), at: begun)
    #expect(heart.silent(at: begun + .seconds(60)) == [])
    #expect(heart.silent(at: begun + .seconds(61)) == [.reading])
    #expect(heart.silent(at: begun + .seconds(601)) == [.intake, .reading])
    heart.beat(.reading, at: begun + .seconds(601))
    #expect(heart.silent(at: begun + .seconds(602)) == [.intake])
    heart.rest(.intake)
    #expect(heart.silent(at: begun + .seconds(602)) == [])
  }

  /// A socket as systemd has it, and what came to it.
  private final class Listener {
    let path: String
    private let descriptor: Int32

    init() throws {
      path =
        FileManager.default.temporaryDirectory.appending(path: "notify-\(UUID().uuidString.prefix(8))").path
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
      let status = unsafe withUnsafePointer(to: &name) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(status == 0)
    }

    deinit {
      close(descriptor)
      unsafe unlink(path)
    }

    /// What waits now.
    func received() -> [String] {
      var all: [String] = []
      var part = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = unsafe recv(descriptor, &part, part.count, Int32(MSG_DONTWAIT))
        guard count > 0 else { return all }
        all.append(String(decoding: part[..<count], as: UTF8.self))
      }
    }
  }

  @Test func whatSystemdIsTold() throws {
    let listener = try Listener()
    let notice = try #require(
      SystemdNotice(["NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "60000000"]))
    #expect(notice.watchdog == .seconds(60))
    let heart = Heart()
    let pulse = SystemdPulse(notice, heart: heart)
    pulse.beat(isStopping: false, at: begun)
    #expect(listener.received() == ["EXTEND_TIMEOUT_USEC=60000000", "WATCHDOG=1"])
    pulse.ready()
    pulse.tell("3 queued")
    pulse.tell("3 queued")
    heart.beat(.reading, within: .seconds(60), at: begun)
    pulse.beat(isStopping: false, at: begun)
    #expect(listener.received() == ["READY=1", "STATUS=3 queued", "WATCHDOG=1"])
    // A part that stands still starves the watchdog, and says which.
    pulse.beat(isStopping: false, at: begun + .seconds(61))
    #expect(listener.received() == ["STATUS=stands still: reading"])
    heart.beat(.reading, at: begun + .seconds(61))
    pulse.beat(isStopping: true, at: begun + .seconds(62))
    pulse.beat(isStopping: true, at: begun + .seconds(63))
    #expect(
      listener.received() == ["STOPPING=1\nSTATUS=finishes the files in hand", "WATCHDOG=1", "WATCHDOG=1"])
    #expect(SystemdNotice.status("a\nREADY=1") == "STATUS=a READY=1")
  }

  @Test("a start that stands still gets no more time")
  func starts() throws {
    let listener = try Listener()
    let notice = try #require(
      SystemdNotice(["NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "60000000"]))
    let heart = Heart()
    let pulse = SystemdPulse(notice, heart: heart)
    heart.beat(.starting, within: Heart.step, at: begun)
    pulse.beat(isStopping: false, at: begun + Heart.step)
    #expect(listener.received() == ["EXTEND_TIMEOUT_USEC=60000000", "WATCHDOG=1"])
    pulse.beat(isStopping: false, at: begun + Heart.step + .seconds(1))
    #expect(listener.received() == ["STATUS=stands still: starting"])
    pulse.ready()
    pulse.beat(isStopping: false, at: begun + Heart.step + .seconds(1))
    #expect(listener.received() == ["READY=1", "WATCHDOG=1"])
  }

  @Test func whoIsNotMeantSaysNothing() throws {
    #expect(SystemdNotice([:]) == nil)
    #expect(SystemdNotice(["NOTIFY_SOCKET": "relative"]) == nil)
    #expect(SystemdNotice(["NOTIFY_SOCKET": "/" + String(repeating: "a", count: 200)]) == nil)
    let other = try #require(
      SystemdNotice(["NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"]))
    #expect(other.watchdog == nil)
    #expect(!other.send("READY=1"))
    #expect(SystemdNotice(["NOTIFY_SOCKET": "@abstract", "WATCHDOG_USEC": "0"])?.watchdog == nil)
  }

  @Test func anHourOfHistory() {
    var history = StatusHistory()
    #expect(history.queued.count == 360 && history.queued.allSatisfy { $0 == nil })
    history.note(queued: 4, ended: 0, at: begun)
    history.note(queued: 9, ended: 9, at: begun + .seconds(3))
    history.note(queued: 3, ended: 1, at: begun + .seconds(10))
    // Twenty seconds later: one sample was missed.
    history.note(queued: 1, ended: 3, at: begun + .seconds(31))
    #expect(Array(history.queued.suffix(4)) == [4, 3, nil, 1])
    #expect(Array(history.perMinute.suffix(4)) == [nil, 6, nil, 6])
    history.note(queued: nil, ended: 3, at: begun + .seconds(41))
    #expect(Array(history.queued.suffix(2)) == [1, nil])
    for step in 4..<400 { history.note(queued: step, ended: 3, at: begun + .seconds(10 * step)) }
    #expect(history.queued.count == 360 && history.queued.last == 399 && history.perMinute.last == 0)
  }
}
