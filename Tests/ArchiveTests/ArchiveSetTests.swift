import Archive
import DICOM
import Foundation
import Phantoms
import TestSupport
import Testing

@Suite("Several archives read as one")
struct ArchiveSetTests {
  private let folder = PhantomFixture.temporaryDirectory()

  /// Six phantoms in a folder of that name: PHANTOM-001 ... PHANTOM-006, the fifth for validation.
  @discardableResult
  private func phantoms(_ name: String, seed: UInt64, sources: Int = 1) throws -> URL {
    let root = folder.appending(path: name)
    try PhantomArchive.write(count: 6, size: 64, seed: seed, sources: sources, to: root)
    return root
  }

  private func set(_ roots: URL...) throws -> ArchiveSet {
    ArchiveSet(try roots.map { ($0, try ArchiveIndex(scanning: $0)) })
  }

  /// With the caches that tell what the pictures show.
  private func compared(_ roots: URL...) throws -> (set: ArchiveSet, cache: ImageCache) {
    var set = ArchiveSet(try roots.map { ($0, try ArchiveIndex(scanning: $0)) })
    let caches = try set.members.map { member in
      let file = folder.appending(path: "cache/\(member.name.replacing("/", with: "-"))")
      return try ImageCache(for: member.index, root: member.root, at: file, size: 64)
    }
    set.comparePictures(caches)
    return (set, ImageCache(caches, of: set))
  }

  private func changeLabels(of root: URL, _ change: (String) -> String) throws {
    let file = root.appending(path: "labels.csv")
    try Data(change(String(contentsOf: file, encoding: .utf8)).utf8).write(to: file)
  }

  @Test("one archive is what it is alone")
  func one() throws {
    let root = try phantoms("a", seed: 1)
    let alone = try ArchiveIndex(scanning: root)
    #expect(try set(root).index == alone)
    #expect(try compared(root).set.index == alone)
  }

  @Test("archives are called by the shortest ends of their paths that differ")
  func names() throws {
    let roots = try ["x/a", "y/a", "b"].map { try phantoms($0, seed: 1) }
    #expect(try set(roots[0], roots[1], roots[2]).members.map(\.name) == ["b", "x/a", "y/a"])
  }

  @Test("folders of one name are told apart by their archive; others keep their name")
  func sources() throws {
    let (a, b) = (try phantoms("a", seed: 1, sources: 2), try phantoms("b", seed: 2, sources: 3))
    let index = try set(a, b).index
    #expect(Set(index.images.map(\.source)) == ["a/site-1", "a/site-2", "b/site-1", "b/site-2", "site-3"])
    for image in index.images {
      let folder = image.path.prefix { $0 != "/" }
      #expect(
        image.source.hasSuffix(folder) && image.source.hasPrefix(image.archive ?? "?") != (folder == "site-3")
      )
    }
    // A radiograph in the root itself is of the archive.
    let single = folder.appending(path: "single")
    try FileManager.default.createDirectory(at: single, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: a.appending(path: "site-1/PHANTOM-001/dx.dcm"), to: single.appending(path: "dx.dcm"))
    #expect(try set(b, single).index.images.map(\.source).contains("single"))
  }

  @Test("the order in which archives are named changes nothing; a set is not one of its members")
  func order() throws {
    let (a, b) = (try phantoms("a", seed: 1), try phantoms("b", seed: 2))
    let (first, second) = (try compared(a, b), try compared(b, a))
    #expect(first.set.index == second.set.index)
    #expect(
      first.set.index.assigningSplits(validation: 0.1, seed: 1).digest
        == second.set.index.assigningSplits(validation: 0.1, seed: 1).digest)
    #expect(first.set.index.digest != first.set.members[0].index.digest)
    #expect(first.set.index.images.count == 12)
    for position in first.set.index.images.indices {
      #expect(first.cache.imageBytes(position) == second.cache.imageBytes(position))
    }
  }

  @Test("the cache of a set holds each image where its index has it")
  func cache() throws {
    let (a, b) = (try phantoms("a", seed: 1), try phantoms("b", seed: 2))
    let (set, cache) = try compared(b, a)
    for member in set.members {
      let file = folder.appending(path: "cache/\(member.name)")
      let own = try ImageCache(for: member.index, root: member.root, at: file, size: 64)
      #expect(!own.wasBuilt)
      for (position, image) in member.index.images.enumerated() {
        let place = try #require(
          set.index.images.firstIndex {
            $0.sopInstanceUID == image.sopInstanceUID && $0.archive == member.name
          })
        #expect(cache.imageBytes(place) == own.imageBytes(position))
        #expect(cache.maskBytes(place) == own.maskBytes(position))
      }
    }
  }

  @Test("a patient of two archives is on one side, the one that is held out; it is said")
  func patients() throws {
    let (a, b) = (try phantoms("a", seed: 1), try phantoms("b", seed: 2))
    // Of the same six patients the first trains on five; the second tests on the first, and says nothing of the rest.
    try changeLabels(of: b) { text in
      var lines = text.split(separator: "\n").map(String.init)
      for number in 1...6 {
        lines[number] = lines[number].replacing(/(train|val)$/, with: number == 1 ? "test" : "")
      }
      return lines.joined(separator: "\n") + "\n"
    }
    let alone = try ArchiveIndex(scanning: a)
    let index = try set(a, b).index.assigningSplits(validation: 0.5, seed: 1)
    for patient in 1...6 {
      let images = index.images.filter { $0.patientID == "PHANTOM-00\(patient)" }
      #expect(images.count == 2)
      let own = try #require(alone.images.first { $0.patientID == "PHANTOM-00\(patient)" }).split
      #expect(Set(images.map(\.split)) == [patient == 1 ? .test : own], "\(patient)")
    }
    let said = index.problems(.heldOutElsewhere)
    #expect(said.map(\.path) == ["a/PHANTOM-001/dx.dcm"])
    #expect(said.allSatisfy { $0.description.contains("train here, but test elsewhere") })
  }

  @Test("an archive's own splits are the same with another beside it")
  func splits() throws {
    let (a, b) = (try phantoms("a", seed: 1, sources: 2), folder.appending(path: "b"))
    try PhantomArchive.write(count: 6, size: 64, seed: 2, to: b)
    for root in [a, b] {
      try FileManager.default.removeItem(at: root.appending(path: "labels.csv"))
    }
    // Other people, who are called otherwise.
    for number in 1...6 {
      let study = b.appending(path: "PHANTOM-00\(number)")
      for file in try FileManager.default.contentsOfDirectory(atPath: study.path) where !file.contains("seg")
      {
        try rewrite(study.appending(path: file)) { $0.set(.patientID, "SOMEBODY-\(number)") }
      }
    }
    let alone = try ArchiveIndex(scanning: a).assigningSplits(validation: 0.3, seed: 1)
    let together = try set(a, b).index.assigningSplits(validation: 0.3, seed: 1)
    #expect(alone.split(.val).count == 2)
    for image in alone.images {
      #expect(together.images.first { $0.sopInstanceUID == image.sopInstanceUID }?.split == image.split)
    }
  }

  /// Writes an object again with a changed header and the same pixels.
  private func rewrite(_ file: URL, _ change: (inout DataSet) -> Void) throws {
    let image = try DICOMFile(reading: file)
    var dataSet = image.dataSet
    change(&dataSet)
    let frame = try image.frame(0)
    let bits = dataSet.integer(.bitsAllocated) ?? 8
    let pixels: PixelData =
      bits > 8
      ? .words(frames: [frame.pixels.map { UInt16(truncatingIfNeeded: $0) }])
      : .bytes(frames: [frame.pixels.map { UInt8(truncatingIfNeeded: $0) }])
    try FileManager.default.removeItem(at: file)
    try DICOMWriter.write(dataSet, pixels: pixels, as: .explicitVRLittleEndian, to: file)
  }

  @Test("an instance of two archives counts once, with what either knows of it; contradictions are named")
  func instances() throws {
    let (a, b) = (try phantoms("a", seed: 1), try phantoms("b", seed: 1))
    for study in 1...3 {
      try FileManager.default.removeItem(at: a.appending(path: "PHANTOM-00\(study)/lungs.seg.dcm"))
    }
    try changeLabels(of: a) { text in
      var lines = text.split(separator: "\n").map(String.init)
      // Pneumonia is called normal, a finding is left out, a patient is for testing.
      lines[2] = lines[2].replacing(",pneumonia,", with: ",normal,")
      lines[3] = lines[3].replacing(",normal,", with: ",,")
      lines[4] = lines[4].replacing(",train", with: ",test")
      return lines.joined(separator: "\n") + "\n"
    }
    let (set, cache) = try compared(a, b)
    let index = set.index
    #expect(index.images.count == 6 && index.counts.radiographs == 6 && index.counts.masks == 6)
    #expect(cache.count == 6 && (0..<6).allSatisfy { cache.hasMask($0) })
    func image(_ patient: Int) -> ArchiveImage? {
      index.images.first { $0.patientID == "PHANTOM-00\(patient)" }
    }
    #expect(image(1)?.finding == .normal && image(1)?.archive == "b")
    #expect(image(2)?.finding == nil)
    #expect(image(3)?.finding == .normal)
    #expect(image(4)?.split == .test && image(4)?.archive == "a")
    #expect(index.problems(.instanceInSeveralArchives).map(\.count).reduce(0, +) == 6)
    #expect(index.problems(.contradictoryFinding).map(\.path) == ["b/PHANTOM-002/cr.dcm"])
    #expect(
      index.problems(.contradictoryFinding).allSatisfy { $0.message.contains("pneumonia in b, normal in a") })
    #expect(index.problems(.heldOutElsewhere).map(\.path) == ["a/PHANTOM-004/cr.dcm"])
    #expect(index.problems(.contradictoryPixels) == [])
  }

  @Test("an instance whose picture, mask or patient is another is named")
  func otherPixels() throws {
    let (a, b) = (try phantoms("a", seed: 1), try phantoms("b", seed: 1))
    let (one, other) = (try phantoms("c", seed: 2), a.appending(path: "PHANTOM-001/dx.dcm"))
    // Another picture under the first's UID, and another patient's name for the second.
    let uid = try #require(DICOMFile.header(of: other).uid(.sopInstanceUID))
    try FileManager.default.removeItem(at: other)
    try FileManager.default.copyItem(at: one.appending(path: "PHANTOM-001/dx.dcm"), to: other)
    try rewrite(other) { $0.set(.sopInstanceUID, uid) }
    try rewrite(a.appending(path: "PHANTOM-002/cr.dcm")) { $0.set(.patientID, "SOMEBODY") }
    let index = try compared(a, b).set.index
    #expect(index.problems(.contradictoryPixels).map(\.path).contains { $0.hasSuffix("PHANTOM-001/dx.dcm") })
    #expect(index.problems(.contradictoryPatient).map(\.path) == ["a/PHANTOM-002/cr.dcm"])
    #expect(index.problems(.contradictoryPatient).allSatisfy { !$0.description.contains("SOMEBODY") })
  }

  @Test("a picture that two archives hold under other names is on one side")
  func pictures() throws {
    let (a, b) = (try phantoms("a", seed: 1), folder.appending(path: "b"))
    try PhantomArchive.write(count: 6, size: 64, seed: 2, to: b)
    for number in 1...6 {
      let study = b.appending(path: "PHANTOM-00\(number)")
      for file in try FileManager.default.contentsOfDirectory(atPath: study.path) where !file.contains("seg")
      {
        try rewrite(study.appending(path: file)) { $0.set(.patientID, "SOMEBODY-\(number)") }
      }
    }
    // The picture of the one that is for validation in the first, as a training image of the second.
    let copy = b.appending(path: "PHANTOM-001/dx.dcm")
    let uid = try #require(DICOMFile.header(of: copy).uid(.sopInstanceUID))
    try FileManager.default.removeItem(at: copy)
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: a.appending(path: "PHANTOM-005").path).first {
        !$0.contains("seg")
      })
    try FileManager.default.copyItem(at: a.appending(path: "PHANTOM-005/\(name)"), to: copy)
    try rewrite(copy) {
      $0.set(.sopInstanceUID, uid)
      $0.set(.patientID, "SOMEBODY-1")
    }
    let index = try compared(a, b).set.index.assigningSplits(validation: 0.1, seed: 1)
    #expect(index.problems(.samePicture).map(\.count) == [1])
    #expect(index.problems(.heldOutElsewhere).map(\.path) == ["b/PHANTOM-001/dx.dcm"])
    #expect(index.images.first { $0.patientID == "SOMEBODY-1" }?.split == .val)
    #expect(index.images.filter { $0.archive == "b" && $0.split == .val }.count == 2)
  }
}
