import Daemon
import Files
import SystemPackage
import Testing

@Suite("When a file in the inbox is completely written")
struct FileSettlingTests {
  private let start = ContinuousClock.now
  private var settling = FileSettling(settlingTime: .seconds(5))

  private func stamp(_ size: Int, modified: Int = 1) -> FileStamp {
    FileStamp(size: size, modified: modified, inode: 7)
  }

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private func taken(_ settling: inout FileSettling) -> [FilePath] { settling.takeComplete().map(\.path) }

  @Test("renamed in: at once")
  func renamed() {
    var settling = settling
    settling.observe("a", stamp(0), .renamedIn, at: at(0))
    #expect(taken(&settling) == ["a"])
  }

  @Test("closed: at once, unless it's empty")
  func closed() {
    var settling = settling
    settling.observe("a", stamp(1), .closed, at: at(0))
    settling.observe("b", stamp(0), .closed, at: at(0))
    #expect(taken(&settling) == ["a"])
    #expect(settling.isWaiting)
  }

  @Test("only seen: when unchanged for the settling time")
  func unchanged() {
    var settling = settling
    settling.observe("a", stamp(1), .seen(age: nil), at: at(0))
    settling.observe("a", stamp(1), .seen(age: nil), at: at(4.9))
    #expect(taken(&settling) == [])
    settling.observe("a", stamp(1), .seen(age: nil), at: at(5))
    #expect(taken(&settling) == ["a"])
  }

  @Test("time that passes without a look is no proof that nothing changed")
  func unseen() {
    var settling = settling
    settling.observe("a", stamp(1), .seen(age: nil), at: at(0))
    #expect(taken(&settling) == [])
    settling.observe("a", stamp(2), .seen(age: nil), at: at(100))
    #expect(taken(&settling) == [])
  }

  @Test("every change of size, time or inode begins the time anew")
  func growing() {
    var settling = settling
    for (second, now) in [
      stamp(1), stamp(2), stamp(2, modified: 2), FileStamp(size: 2, modified: 2, inode: 8),
    ]
    .enumerated() {
      settling.observe("a", now, .seen(age: nil), at: at(Double(second) * 4))
    }
    #expect(taken(&settling) == [])
    settling.observe("a", FileStamp(size: 2, modified: 2, inode: 8), .seen(age: nil), at: at(17))
    #expect(taken(&settling) == ["a"])
  }

  @Test("a file that changes after it was closed isn't complete any more")
  func reopened() {
    var settling = settling
    settling.observe("a", stamp(1), .closed, at: at(0))
    settling.observe("a", stamp(2), .seen(age: nil), at: at(1))
    #expect(taken(&settling) == [])
    settling.observe("a", stamp(3), .closed, at: at(2))
    #expect(taken(&settling) == ["a"])
  }

  @Test("an old file is complete at first sight where the file system's clock may be asked")
  func age() {
    var settling = settling
    settling.observe("old", stamp(1), .seen(age: .seconds(5)), at: at(0))
    settling.observe("young", stamp(1), .seen(age: .seconds(4)), at: at(0))
    #expect(taken(&settling) == ["old"])
    #expect(settling.isWaiting)
  }

  @Test("a file is handed out once, until it's released or gone")
  func once() {
    var settling = settling
    settling.observe("a", stamp(1), .closed, at: at(0))
    #expect(taken(&settling) == ["a"])
    settling.observe("a", stamp(1), .seen(age: nil), at: at(60))
    settling.keepOnly([])
    settling.observe("a", stamp(1), .closed, at: at(61))
    #expect(taken(&settling) == [])
    settling.release("a")
    settling.observe("a", stamp(2), .closed, at: at(62))
    #expect(taken(&settling) == ["a"])
  }

  @Test("who waits for some files only isn't kept waiting by others")
  func waiting() {
    var settling = settling
    settling.observe("early", stamp(1), .closed, at: at(0))
    settling.observe("late", stamp(1), .seen(age: nil), at: at(0))
    #expect(settling.waiting(among: ["early"]) == [])
    #expect(settling.waiting(among: ["early", "late"]) == ["late"])
    #expect(settling.waiting(among: nil) == ["late"])
  }

  @Test("a file that a writer holds open isn't complete until it's closed, or has settled anew")
  func postponed() {
    var settling = settling
    settling.observe("a", stamp(1), .closed, at: at(0))
    #expect(taken(&settling) == ["a"])
    settling.postpone("a", at: at(1))
    #expect(taken(&settling) == [] && settling.isWaiting)
    settling.observe("a", stamp(1), .seen(age: nil), at: at(5.9))
    #expect(taken(&settling) == [])
    settling.observe("a", stamp(1), .closed, at: at(5.9))
    #expect(taken(&settling) == ["a"])
    settling.postpone("a", at: at(6))
    settling.observe("a", stamp(1), .seen(age: nil), at: at(11))
    #expect(taken(&settling) == ["a"])
  }

  @Test("a file that went away is forgotten")
  func vanished() {
    var settling = settling
    settling.observe("a", stamp(1), .seen(age: nil), at: at(0))
    settling.observe("b", stamp(1), .seen(age: nil), at: at(0))
    settling.vanished("a")
    settling.keepOnly([])
    #expect(!settling.isWaiting)
  }
}
