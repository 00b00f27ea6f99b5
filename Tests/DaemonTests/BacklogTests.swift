import Daemon
import Files
import SystemPackage
import Testing

@Suite("Files that wait to be taken")
struct BacklogTests {
  private func files(_ range: ClosedRange<Int>, arrival: Int64, size: Int = 1000) -> [ArrivedFile] {
    range.map { number in
      let path = FilePath(String(repeating: "0", count: 6 - "\(number)".count) + "\(number)")
      return ArrivedFile(
        InboxFile(path: path, stamp: FileStamp(size: size, modified: 1, inode: UInt64(number))),
        arrival: arrival)
    }
  }

  @Test("half of a draw is the newest, half the oldest, sorted by path; each is drawn once")
  func halves() {
    var backlog = Backlog()
    backlog.add(files(1...100, arrival: 1))
    backlog.add(files(101...102, arrival: 2))
    let first = backlog.draw(8, room: .max, prefersNewest: true)
    #expect(
      first.map(\.file.path.text) == [
        "000001", "000002", "000003", "000004", "000099", "000100", "000101", "000102",
      ])
    var all = Set(first)
    while !backlog.isEmpty {
      let more = backlog.draw(7, room: .max, prefersNewest: true)
      #expect(all.isDisjoint(with: more))
      all.formUnion(more)
    }
    #expect(all.count == 102 && backlog.draw(5, room: .max, prefersNewest: true) == [])
  }

  @Test("by arrival: the oldest first")
  func oldest() {
    var backlog = Backlog()
    backlog.add(files(1...10, arrival: 1))
    #expect(backlog.draw(3, room: .max, prefersNewest: false) == files(1...3, arrival: 1))
    backlog.add(files(11...12, arrival: 2))
    #expect(
      backlog.draw(9, room: .max, prefersNewest: false) == files(4...10, arrival: 1)
        + files(11...12, arrival: 2))
  }

  @Test("no more than there is room for, and one at least", arguments: [(1, 1), (2500, 2), (Int.max, 4)])
  func room(bytes: Int, count: Int) {
    var backlog = Backlog()
    backlog.add(files(1...4, arrival: 1))
    #expect(backlog.draw(10, room: bytes, prefersNewest: true).count == count)
    #expect(backlog.count == 4 - count)
  }

  @Test("a sparse file of any size is no reason to fall over")
  func huge() {
    var backlog = Backlog()
    backlog.add(files(1...3, arrival: 1, size: .max))
    #expect(backlog.draw(10, room: .max, prefersNewest: true).count == 1)
  }

  @Test("a batch is as large as is done within a moment")
  func sizes() {
    var size = BatchSize(files: 128)
    size.took(.milliseconds(100), for: 128)
    #expect(size.files == 256)
    // A small one tells nothing.
    size.took(.milliseconds(1), for: 3)
    #expect(size.files == 256)
    size.took(.milliseconds(700), for: 256)
    #expect(size.files == 256)
    for _ in 1...20 { size.took(.seconds(3), for: 256) }
    #expect(size.files == 16)
    for _ in 1...20 { size.took(.zero, for: size.files) }
    #expect(size.files == 1024)
  }

  @Test("a name that has come again since is none of who took the one before")
  func released() {
    var settling = FileSettling(settlingTime: .seconds(5))
    let (old, new) = (FileStamp(size: 1, modified: 1, inode: 1), FileStamp(size: 1, modified: 2, inode: 2))
    settling.observe("a", old, .closed, at: .now)
    #expect(settling.takeComplete().map(\.stamp) == [old])
    settling.observe("a", new, .closed, at: .now)
    settling.release("a", old)
    #expect(settling.takeComplete().map(\.stamp) == [new])
    settling.release("a", new)
    settling.observe("a", new, .closed, at: .now)
    #expect(settling.takeComplete().map(\.stamp) == [new])
  }
}
