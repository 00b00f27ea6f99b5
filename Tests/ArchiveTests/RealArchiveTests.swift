import Archive
import Foundation
import TestSupport
import Testing

@Suite(
  "The shared archive",
  .enabled(if: PhantomFixture.realArchive != nil, "no shared data (set MMDICOM_SHARED to its folder)"))
struct RealArchiveTests {
  @Test("index: every radiograph, every mask, labels and splits as documented")
  func index() throws {
    let root = try #require(PhantomFixture.realArchive)
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    let saved = folder.appending(path: "index.json")
    let index = try ArchiveIndex(scanning: root, saved: saved)
    #expect(index.images.count == 3982)
    #expect(index.problems == [])
    #expect(index.counts.otherObjects == [:])
    #expect(index.images.filter { !$0.masks.isEmpty }.count == index.counts.masks)
    #expect(index.images.allSatisfy { $0.masks.count <= 1 })
    let sources: Set = [
      "kermany", "kermany224_train", "nih_talo", "v7_ieee8023", "v7_kermany", "v7_kermany224",
    ]
    #expect(Set(index.images.map(\.source)) == sources)
    #expect(index.split(.train).count == 3076 && index.split(.val).count == 361)

    let assigned = index.assigningSplits(validation: 0.1, seed: 1)
    #expect(zip(index.images, assigned.images).allSatisfy { $0.split == nil || $0.split == $1.split })
    let patients = Dictionary(grouping: assigned.images, by: \.patientID).values
    #expect(patients.allSatisfy { Set($0.map(\.split)).count == 1 && $0[0].split != nil })

    let again = try ArchiveIndex(scanning: root, saved: saved)
    #expect(again.counts.headersRead == 0)
    #expect(again.images == index.images && again.digest == index.digest)
  }

  @Test(
    "cache: masks lie on dark lungs in every source with masks",
    arguments: ["v7_ieee8023", "v7_kermany", "v7_kermany224"])
  func cache(_ source: String) throws {
    let root = try #require(PhantomFixture.realArchive)
    let folder = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    // A small archive of links to the first 40 patients of the source.
    let part = folder.appending(path: "archive/\(source)")
    try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
    let patients = try FileManager.default.contentsOfDirectory(
      atPath: root.appending(path: source).path
    ).sorted().prefix(40)
    for patient in patients {
      try FileManager.default.createSymbolicLink(
        at: part.appending(path: patient), withDestinationURL: root.appending(path: "\(source)/\(patient)"))
    }
    let archive = folder.appending(path: "archive")
    let index = try ArchiveIndex(scanning: archive)
    #expect(index.images.count >= 40 && index.images.allSatisfy { $0.source == source })
    let cache = try ImageCache(
      for: index, root: archive, at: folder.appending(path: "images.cache"), size: 64)
    #expect(cache.failures == [])
    var darker = 0
    var masked = 0
    for position in 0..<cache.count {
      guard let mask = cache.mask(position) else { continue }
      masked += 1
      let image = cache.image(position)
      let rows = 16 * 64..<48 * 64
      let lungs = rows.filter { mask[$0] > 0.9 }.map { image[$0] }
      let spine = rows.filter { mask[$0] < 0.1 && (26..<38).contains($0 % 64) }.map { image[$0] }
      if mean(lungs) < mean(spine) { darker += 1 }
      let share = mean(mask)
      #expect((0.1...0.75).contains(share), "\(index.images[position].path)")
    }
    #expect(masked >= 39)
    #expect(Double(darker) >= 0.95 * Double(masked))
  }
}
