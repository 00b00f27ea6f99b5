import Daemon
import SystemPackage
import Testing

@Suite("Which watch is for which folder")
struct WatchedFoldersTests {
  @Test("a folder that is moved away takes those under it along, and no other")
  func moved() {
    var watched = WatchedFolders()
    for (watch, path) in ["", "a", "a/b", "a/b/c", "ab", "d"].enumerated() {
      watched.add(FilePath(path), Int32(watch))
    }
    #expect(watched.removeAll(under: "a").sorted() == [1, 2, 3])
    #expect(watched[4] == "ab" && watched[0] == "" && watched.count == 3)
    #expect(watched.removeAll(under: "a") == [])
    #expect(watched.removeAll(under: "").sorted() == [0, 4, 5] && watched.count == 0)
  }

  @Test("watched again, under the same name or another")
  func again() {
    var watched = WatchedFolders()
    watched.add("a", 1)
    watched.add("a", 1)
    #expect(watched.count == 1)
    // Renamed within the inbox: the kernel has the same watch for it.
    watched.add("b", 1)
    #expect(watched[1] == "b" && watched.count == 1)
    #expect(watched.removeAll(under: "a") == [])
    // Another folder of that name.
    watched.add("b", 2)
    watched.remove(1)
    #expect(watched[2] == "b" && watched.count == 1)
    watched.remove(2)
    #expect(watched.count == 0)
  }
}
