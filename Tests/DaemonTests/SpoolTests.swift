import Daemon
import Files
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite struct SpoolTests {
  private let fixture: DeliveryFixture
  private let spool: Spool

  init() throws {
    fixture = try DeliveryFixture()
    spool = Spool(fixture.folders)
  }

  /// What a daemon that starts now finds.
  private func found() async throws -> [String] {
    try await Spool(fixture.folders).recover().map(\.sender.text).sorted()
  }

  @Test func whatIsTakenKeepsItsNameOverARestart() async throws {
    let odd = FilePath(bytes: [0x4d, 0xfc, 0x0a, 0x5c])
    let files = [try fixture.drop("s/a.dcm"), try fixture.drop("b", "other")]
    _ = try await spool.take(files)
    let named = FilePath(of: fixture.folders.inbox)
    try fixture.root.write("third", "inbox/c")
    #expect(try Move.file(from: named.appending("c"), to: named.pushing(odd)) == .moved)
    _ = try await spool.take([try fixture.seen(odd)])
    #expect(fixture.root.files == [])
    #expect(try await found() == ["M\\xFC\\x0A\\", "b", "s/a.dcm"])
    for file in try await Spool(fixture.folders).recover() {
      try Move.remove(spool.place(of: file))
      spool.left(file)
    }
    #expect(FolderWalk(FilePath(of: fixture.folders.spool), .archive).files == [])
    #expect(FolderWalk(FilePath(of: fixture.folders.spool), .archive).folders.count == 1)
  }

  @Test func aFileThatChangedIsPutBackAndNothingTakesItsPlace() async throws {
    let file = try fixture.drop("a")
    try fixture.root.write("another", "inbox/a")
    guard case .notNow? = try await spool.take([file]).first else { throw CancellationError() }
    #expect(fixture.root.read("inbox/a") == "another")
    #expect(try await found() == [])
  }

  /// Who wrote it keeps another name of it, and may write there again.
  @Test func whatHasAnotherNameIsCopied() async throws {
    let file = try fixture.drop("a")
    let other = fixture.root.url.appending(path: "senders.dcm")
    try FileManager.default.linkItem(
      at: fixture.folders.inbox.appending(path: "a"), to: other)
    guard case .taken(let spooled)? = try await spool.takeOnceClosed(file) else { throw CancellationError() }
    let writer = try FileHandle(forWritingTo: other)
    try writer.write(contentsOf: Data("other".utf8))
    try writer.close()
    let taken = try Data(contentsOf: URL(filePath: spool.place(of: spooled).string))
    #expect(taken == Data("image".utf8))
    #expect(!FileManager.default.fileExists(atPath: fixture.folders.inbox.appending(path: "a").path))
    #expect(try await found() == ["a"])
  }

  @Test func aCrashBehindTheListLosesNothing() async throws {
    let file = try fixture.drop("a")
    // The list is there and nothing was moved.
    try fixture.root.write("a\n", "ledger/spool/0123456789abcdef/names")
    // Nor is it there yet.
    try fixture.root.write("a", "ledger/spool/fedcba9876543210/.names.1234.part")
    #expect(try await found() == [])
    #expect(fixture.root.files == ["inbox/a"])
    #expect(FolderWalk(FilePath(of: fixture.folders.spool), .archive).folders.count == 1)
    guard case .taken? = try await spool.take([file]).first else { throw CancellationError() }
    #expect(try await found() == ["a"])
  }

  @Test func aListThatCannotBeReadIsNotAnEmptyOne() async throws {
    // Not UTF-8, which every list is.
    try Data([0xff, 0x0a]).write(
      to: fixture.root.write("image", "ledger/spool/0123456789abcdef/1-a").deletingLastPathComponent()
        .appending(path: "names"))
    await #expect(throws: WriteFailure.self) { try await found() }
    #expect(fixture.root.read("ledger/spool/0123456789abcdef/1-a") == "image")
  }

  @Test func whatNoListNamesIsTold() async throws {
    try fixture.root.write("a\n", "ledger/spool/0123456789abcdef/names")
    try fixture.root.write("one", "ledger/spool/0123456789abcdef/1-a")
    try fixture.root.write("two", "ledger/spool/0123456789abcdef/2-b")
    try fixture.root.write("three", "ledger/spool/fedcba9876543210/1-c")
    #expect(try await spool.recover().map(\.sender) == ["a"])
    #expect(
      await spool.strangers.map(\.string).sorted() == ["0123456789abcdef/2-b", "fedcba9876543210/1-c"])
    #expect(fixture.root.read("ledger/spool/0123456789abcdef/2-b") == "two")
  }

  @Test func aFileOnItsWayFromAnotherFileSystemIsCarriedOn() async throws {
    try fixture.root.write("a\nb\nc\n", "ledger/spool/0123456789abcdef/names")
    try fixture.root.write("one", "inbox/.mmdicom.taken/0123456789abcdef_1-a")
    try fixture.root.write("two", "inbox/.mmdicom.taken/0123456789abcdef_2-b")
    try fixture.root.write("two", "ledger/spool/0123456789abcdef/2-b")
    // Of a spool that is lost.
    try fixture.root.write("lost", "inbox/.mmdicom.taken/fedcba9876543210_1-a")
    #expect(try await found() == ["a", "b"])
    #expect(fixture.root.read("ledger/spool/0123456789abcdef/1-a") == "one")
    #expect(fixture.root.files == ["inbox/fedcba9876543210_1-a"])
    #expect(!FileManager.default.fileExists(atPath: fixture.folders.inbox.path + "/.mmdicom.taken"))
  }

  @Test func aLinkThatASenderPlantedMovesNothingOfOurs() async throws {
    try fixture.root.write("ours", "ledger/ledger.txt")
    let planted = fixture.folders.inbox.path + "/.mmdicom.taken"
    #expect(unsafe symlink(fixture.folders.ledger.path, planted) == 0)
    #expect(try await found() == [])
    #expect(fixture.root.read("ledger/ledger.txt") == "ours")
    #expect(fixture.root.files == [])
    // Nor do links in a folder of ours lead anywhere.
    #expect(unsafe unlink(planted) == 0)
    try fixture.root.write("lost", "inbox/.mmdicom.taken/0123456789abcdef_1-a")
    #expect(unsafe symlink(fixture.folders.ledger.path, planted + "/x") == 0)
    #expect(unsafe symlink(fixture.folders.ledger.path + "/ledger.txt", planted + "/y") == 0)
    #expect(try await found() == [])
    #expect(fixture.root.read("ledger/ledger.txt") == "ours")
    #expect(fixture.root.read("inbox/0123456789abcdef_1-a") == "lost")
  }

  @Test(.enabled(if: geteuid() == 0, "only root gives folders away"))
  func aSendersFolderIsNotTheOneThatFilesCrossIn() async throws {
    try fixture.root.write("theirs", "inbox/.mmdicom.taken/0123456789abcdef_1-a")
    #expect(unsafe chown(fixture.folders.inbox.path + "/.mmdicom.taken", 12_345, 12_345) == 0)
    #expect(try await found() == [])
    #expect(fixture.root.files == ["inbox/.mmdicom.taken/0123456789abcdef_1-a"])
  }

  @Test func whatIsPutBackDoesNotLeaveThroughALink() throws {
    for (path, file) in [("s/a/x", "x"), ("f/y", "y")] {
      try fixture.root.write("text", "rejected/" + path)
      if file == "y" { try fixture.root.write("", "inbox/f") }
      if file == "x" {
        #expect(unsafe symlink(fixture.folders.ledger.path, fixture.folders.inbox.path + "/s") == 0)
      }
      let rejected = FilePath(of: fixture.folders.rejected).pushing(FilePath(path))
      try Move.back(rejected, to: FilePath(path), in: FilePath(of: fixture.folders.inbox))
      #expect(fixture.root.read("inbox/" + file) == "text")
    }
    #expect(!FileManager.default.fileExists(atPath: fixture.folders.ledger.path + "/a"))
  }

  @Test(arguments: [EIO, ESTALE, EBUSY])
  func aFileAtFaultStaysAndTheOthersAreTaken(code: Int32) async throws {
    let files = [try fixture.drop("a", "1"), try fixture.drop("b", "2"), try fixture.drop("c", "3")]
    let spool = Spool(fixture.folders) { source, _ in source.lastComponent == "b" ? code : 0 }
    let outcomes = try await spool.take(files)
    guard case .taken = outcomes[0], case .refused(files[1], let why?) = outcomes[1],
      case .taken = outcomes[2]
    else {
      throw CancellationError()
    }
    #expect(why.code == code)
    #expect(fixture.root.files == ["inbox/b"])
    #expect(try await found() == ["a", "c"])
  }

  @Test(arguments: [ENOSPC, EDQUOT, EMFILE])
  func aSpoolAtFaultIsNoFiles(code: Int32) async throws {
    let spool = Spool(fixture.folders) { _, _ in code }
    let file = try fixture.drop("a")
    await #expect(throws: WriteFailure.self) { try await spool.take([file]) }
    #expect(fixture.root.files == ["inbox/a"])
  }

  @Test(arguments: [EPERM, EACCES, EIO])
  func aFileOfAnotherFileSystemThatStaysWhereItIs(code: Int32) async throws {
    let files = [try fixture.drop("a", "1"), try fixture.drop("b", "2")]
    let spool = Spool(fixture.folders) { source, place in
      if place.removingLastComponent().lastComponent != ".mmdicom.taken" { return EXDEV }
      return source.lastComponent == "a" ? code : 0
    }
    let outcomes = try await spool.take(files)
    guard case .taken = outcomes[1] else { throw CancellationError() }
    switch outcomes[0] {
    case .copied(_, files[0]): #expect(code != EIO)
    case .refused(files[0], _?): #expect(code == EIO)
    default: throw CancellationError()
    }
    #expect(fixture.root.files == ["inbox/a"])
    #expect(try await found() == (code == EIO ? ["b"] : ["a", "b"]))
  }

  @Test func aFileAtFaultOnItsWayIsNoReasonNotToStart() async throws {
    try fixture.root.write("a\nb\n", "ledger/spool/0123456789abcdef/names")
    try fixture.root.write("two", "inbox/.mmdicom.taken/0123456789abcdef_2-b")
    // What can't be read.
    let place = fixture.folders.inbox.path + "/.mmdicom.taken/0123456789abcdef_1-a"
    #expect(unsafe symlink("/nothing", place) == 0)
    #expect(try await found() == ["b"])
    #expect(!FileManager.default.fileExists(atPath: fixture.folders.inbox.path + "/.mmdicom.taken"))
  }

  @Test func whatAWriterWentOnInAfterTheCopyGoesBack() async throws {
    try fixture.root.write("a\nb\nc\n", "ledger/spool/0123456789abcdef/names")
    try fixture.root.write("half", "ledger/spool/0123456789abcdef/1-a")
    try fixture.root.write("half and the rest", "inbox/.mmdicom.taken/0123456789abcdef_1-a")
    let open = try FileHandle(
      forWritingTo: fixture.root.write("half", "inbox/.mmdicom.taken/0123456789abcdef_2-b"))
    try fixture.root.write("half", "ledger/spool/0123456789abcdef/2-b")
    let other = try FileHandle(
      forWritingTo: fixture.root.write("half", "inbox/.mmdicom.taken/0123456789abcdef_3-c"))
    #expect(try await found() == ["a", "b"])
    #expect(fixture.root.files == ["inbox/a", "inbox/b", "inbox/c"])
    #expect(fixture.root.read("inbox/a") == "half and the rest")
    #expect(fixture.root.read("ledger/spool/0123456789abcdef/1-a") == "half")
    #expect(fixture.root.read("ledger/spool/0123456789abcdef/3-c") == nil)
    try open.close()
    try other.close()
  }

  @Test(.enabled(if: geteuid() != 0, "root may move everything"))
  func whatMayNotBeMovedIsCopied() async throws {
    let file = try fixture.drop("theirs/a")
    let folder = fixture.folders.inbox.path + "/theirs"
    #expect(unsafe chmod(folder, 0o555) == 0)
    defer { _ = unsafe chmod(folder, 0o755) }
    guard case .copied(let copy, file)? = try await spool.take([file]).first else {
      throw CancellationError()
    }
    #expect(ContentDigest(ofFileAt: spool.place(of: copy)) == ContentDigest(of: "image"))
    #expect(fixture.root.files == ["inbox/theirs/a"])
  }

  @Test func copiesAreRememberedAsLongAsTheirFilesStay() throws {
    var copied = CopiedFiles(fixture.folders)
    let (file, other) = (try fixture.drop("s t/a\\x"), try fixture.drop("b"))
    copied.add(file)
    copied.add(other)
    try copied.save()
    try fixture.root.write("another", "inbox/b")
    var later = CopiedFiles(fixture.folders)
    #expect(later.contain(file) && later.contain(other) && later.folders.map(\.text) == ["", "s t"])
    later.keepOnly(in: FilePath(of: fixture.folders.inbox))
    #expect(later.contain(file) && !later.contain(other))
    // What is new is written behind the rest, also behind half a line.
    let place = fixture.folders.ledger.appending(path: "copied")
    try later.save()
    try Data((try String(contentsOf: place, encoding: .utf8) + "12 34").utf8).write(to: place)
    let third = try fixture.drop("c")
    later.add(third)
    try later.save()
    let last = CopiedFiles(fixture.folders)
    #expect(last.contain(file) && last.contain(third) && !last.contain(other) && last.count == 2)
  }
}
