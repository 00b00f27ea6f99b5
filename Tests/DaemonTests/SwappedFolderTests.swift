import Daemon
import Files
import Foundation
import Glibc
import SystemPackage
import Testing

/// A sender swaps a folder of the inbox for a link between two steps: nothing behind the link is touched, and nothing of
/// ours leaves through it.
@Suite struct SwappedFolderTests {
  private let fixture: DeliveryFixture
  private let inbox: FilePath
  private let secret: FilePath

  init() throws {
    fixture = try DeliveryFixture()
    inbox = FilePath(of: fixture.folders.inbox)
    secret = FilePath(of: fixture.root.url).appending("secret")
    try fixture.root.write("not yours", "secret/a")
    try fixture.root.write("not yours", "secret/deep/a")
  }

  private func swap(_ name: String) {
    let (folder, target) = (inbox.appending(name), secret)
    _ = unsafe rename(folder.string, inbox.appending(".swapped").string)
    _ = unsafe symlink(target.string, folder.string)
  }

  @Test func betweenTheLookAndTheMove() async throws {
    let files = [try fixture.drop("s/a"), try fixture.drop("s/deep/a", "another")]
    let (inbox, secret) = (inbox, secret)
    let spool = Spool(fixture.folders) { source, _ in
      guard source.removingLastComponent().lastComponent == "s" else { return 0 }
      _ = unsafe rename(inbox.appending("s").string, inbox.appending(".swapped").string)
      _ = unsafe symlink(secret.string, inbox.appending("s").string)
      return 0
    }
    let outcomes = try await spool.take(files)
    // The first was reached before; the second would be reached through the link.
    guard case .taken(let file) = outcomes[0], case .notNow = outcomes[1] else { throw CancellationError() }
    #expect(ContentDigest(ofFileAt: spool.place(of: file)) == ContentDigest(of: "image"))
    #expect(fixture.root.read("secret/a") == "not yours" && fixture.root.read("secret/deep/a") == "not yours")
    #expect(fixture.root.read("inbox/.swapped/deep/a") == "another")
  }

  @Test func beforeTheLook() async throws {
    let file = try fixture.drop("s/a", "not yours")
    swap("s")
    guard case .notNow? = try await Spool(fixture.folders).take([file]).first else {
      throw CancellationError()
    }
    #expect(fixture.root.read("secret/a") == "not yours")
  }

  @Test func whereFilesAreCopiedAcross() async throws {
    let file = try fixture.drop("s/a")
    let (inbox, secret) = (inbox, secret)
    let spool = Spool(fixture.folders) { source, place in
      if place.removingLastComponent().lastComponent != ".mmdicom.taken" { return EXDEV }
      _ = unsafe rename(inbox.appending("s").string, inbox.appending(".swapped").string)
      _ = unsafe symlink(secret.string, inbox.appending("s").string)
      return 0
    }
    guard case .taken(let taken)? = try await spool.takeOnceClosed(file) else { throw CancellationError() }
    #expect(ContentDigest(ofFileAt: spool.place(of: taken)) == ContentDigest(of: "image"))
    #expect(fixture.root.read("secret/a") == "not yours")
  }

  @Test func theWatchSeesNothingBehindALink() throws {
    _ = try fixture.drop("s/b")
    var watch = InboxWatch(
      fixture.folders.inbox, ignoring: [], settlingTime: .zero, scanInterval: .seconds(600))
    _ = watch.takeComplete()
    swap("s")
    // The events name the folder by its old name.
    try fixture.root.write("x", "secret/c")
    try fixture.root.write("x", "inbox/.swapped/d")
    for _ in 1...5 {
      let found = watch.takeComplete().map(\.path)
      #expect(!found.contains { $0.starts(with: "s") }, "\(found)")
    }
  }

  @Test func whatGoesBackDoesNotLeaveThroughALink() throws {
    #expect(unsafe mkdir(secret.appending("empty").string, 0o755) == 0)
    let back = try fixture.drop("x")
    // Back to a folder that a link has taken the place of: into the inbox itself.
    #expect(unsafe symlink(secret.string, inbox.appending("s").string) == 0)
    try Move.back(inbox.pushing(back.path), to: "s/empty/x", in: inbox)
    #expect(fixture.root.read("secret/empty/x") == nil && fixture.root.read("inbox/x-2") == "image")
  }
}
