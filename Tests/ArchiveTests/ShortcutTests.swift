import Archive
import DICOM
import Foundation
import Phantoms
import TestSupport
import Testing

@Suite("What tells the finding beside the picture")
struct ShortcutTests {
  private struct Image {
    var source = "a"
    var finding: Finding?
    var split = Split.train
    var traits: [String: Any] = [:]
  }

  /// An index as if scanned.
  private func shortcuts(_ images: [Image]) throws -> [Shortcut] {
    let list = images.enumerated().map { number, image in
      var fields: [String: Any] = [
        "path": "\(image.source)/\(number).dcm", "source": image.source, "sopInstanceUID": "1.\(number)",
        "studyInstanceUID": "2.\(number)", "seriesInstanceUID": "3.\(number)", "patientID": "P\(number)",
        "rows": 8, "columns": 8, "fileSize": 100, "masks": [String](), "split": image.split.rawValue,
        "traits": image.traits,
      ]
      fields["finding"] = image.finding?.rawValue
      return fields
    }
    let object: [String: Any] = [
      "images": list, "problems": [String](), "digest": "", "pixelDigest": "",
      "counts": [
        "files": 0, "radiographs": 0, "masks": 0, "notDICOM": 0, "otherObjects": [String: Int](),
        "headersRead": 0,
      ],
    ]
    return try JSONDecoder().decode(
      ArchiveIndex.self, from: JSONSerialization.data(withJSONObject: object)
    ).shortcuts
  }

  /// `count` images of a source with each finding, whose traits depend on the finding and the number.
  private func mixed(
    _ source: String = "a", _ count: Int = 20, _ traits: (Finding, Int) -> [String: Any] = { _, _ in [:] }
  ) -> [Image] {
    Finding.allCases.flatMap { finding in
      (0..<count).map { Image(source: source, finding: finding, traits: traits(finding, $0)) }
    }
  }

  private func some(_ source: String, _ finding: Finding?, _ count: Int, split: Split = .train) -> [Image] {
    Array(repeating: Image(source: source, finding: finding, split: split), count: count)
  }

  @Test("an archive whose sources have both findings, and traits at random, has none")
  func none() throws {
    let images = ["a", "b"].flatMap { source in
      mixed(source) { _, n in
        [
          "view": n % 2 == 0 ? "AP" : "PA", "sex": n % 3 == 0 ? "M" : "F", "age": Double(n * 4),
          "bits": 12 + n % 3,
        ]
      }
    }
    #expect(try shortcuts(images) == [])
    // Where nothing can be told apart there is nothing to learn instead.
    #expect(try shortcuts(some("a", .normal, 30)) == [])
    #expect(try shortcuts([]) == [])
  }

  @Test("a source with one finding, with counts; unlabelled images and those for testing don't count")
  func sources() throws {
    let images =
      mixed() + some("b", .normal, 3) + some("c", .pneumonia, 40) + some("d", nil, 50)
      + some("e", .normal, 2) + some("f", .normal, 9, split: .test)
    let found = try shortcuts(images)
    #expect(found.map(\.kind) == [.oneFinding, .oneFinding])
    #expect(
      found.map(\.value) == ["b", "c"] && found.allSatisfy { $0.trait == "source" && $0.within == nil })
    #expect(found.map(\.finding) == [.normal, .pneumonia])
    #expect(found.map(\.count) == [3, 40] && found.map(\.of) == [3, 40] && found.map(\.others) == [60, 25])
    #expect(
      found[1].description
        == "c: all 40 findings are pneumonia, 25 elsewhere normal; a network may learn the source instead of the finding"
    )
  }

  @Test("a source with one finding but for one in twenty; not with more exceptions, nor by chance")
  func exceptions() throws {
    let most = mixed() + some("b", .pneumonia, 80) + some("b", .normal, 2)
    #expect(try shortcuts(most).map(\.value) == ["b"])
    #expect(try shortcuts(most).map(\.count) == [80] && shortcuts(most).map(\.of) == [82])
    #expect(try shortcuts(mixed() + some("b", .pneumonia, 60) + some("b", .normal, 4)) == [])
    #expect(
      try shortcuts(
        some("a", .pneumonia, 990) + some("a", .normal, 50) + some("b", .pneumonia, 19)
          + some("b", .normal, 1)) == [])
  }

  @Test("a finding that only one source has")
  func oneSource() throws {
    let found = try shortcuts(mixed("a", 30) + some("b", .normal, 40))
    #expect(found.map(\.kind) == [.oneGroup, .oneFinding])
    #expect(found[0].value == "a" && found[0].finding == .pneumonia)
    #expect(found[0].count == 30 && found[0].of == 30 && found[0].others == 40 && found[0].ofOthers == 70)
    #expect(found[0].description.hasPrefix("all 30 pneumonia are a, but 30 of 70 normal;"))
  }

  @Test(
    "a trait that a finding always has, or that always has one finding",
    arguments: [
      ("view", "AP", "PA"), ("sex", "F", "M"), ("device", "Acme X", "Other Y"),
      ("polarity", "MONOCHROME1", "MONOCHROME2"),
    ])
  func traits(_ trait: String, _ one: String, _ other: String) throws {
    // Each finding has a value of its own.
    let apart = try shortcuts(mixed { finding, _ in [trait: finding == .normal ? one : other] })
    #expect(apart.map(\.kind) == [.oneFinding, .oneFinding])
    #expect(Set(apart.map(\.value)) == [one, other] && apart.allSatisfy { $0.trait == trait })
    // Pneumonia always has the one, normal either.
    let half = try shortcuts(
      mixed { finding, n in [trait: finding == .pneumonia || n % 2 == 0 ? one : other] })
    #expect(
      half.contains { $0.kind == .oneFinding && $0.value == other && $0.finding == .normal && $0.of == 10 })
    #expect(
      half.contains { $0.kind == .oneGroup && $0.value == one && $0.finding == .pneumonia && $0.of == 20 })
    // What isn't told has no part.
    #expect(try shortcuts(mixed { finding, _ in finding == .normal ? [trait: one] : [:] }) == [])
  }

  @Test("bit depths and ages too; ages that don't overlap are said once")
  func numbers() throws {
    let bits = try shortcuts(mixed { finding, n in ["bits": finding == .normal ? 8 : 10 + n % 2 * 2] })
    #expect(Set(bits.map(\.value)) == ["8", "10", "12"])
    let ages = try shortcuts(mixed { finding, n in ["age": (finding == .normal ? 40.0 : 3) + Double(n)] })
    #expect(ages.map(\.kind) == [.agesApart] && ages[0].finding == .pneumonia && ages[0].value == "3 to 22")
    #expect(ages[0].description.contains("all 20 pneumonia are of age 3 to 22, and none of 20 normal"))
    // Children with both, adults with one.
    let adults = try shortcuts(
      mixed { finding, n in ["age": n < 10 ? Double(n) : finding == .normal ? 30.0 : Double(n) / 2] })
    #expect(adults.contains { $0.kind == .oneFinding && $0.value == "18-39" && $0.finding == .normal })
  }

  @Test("within a source, where the archive as a whole doesn't show it")
  func within() throws {
    let images =
      mixed("a") { finding, _ in ["view": finding == .normal ? "AP" : "PA"] }
      + mixed("b") { finding, _ in ["view": finding == .normal ? "PA" : "AP"] }
    let found = try shortcuts(images)
    #expect(found.count == 4 && Set(found.map(\.within)) == ["a", "b"])
    #expect(found.allSatisfy { $0.kind == .oneFinding && $0.trait == "view" && $0.of == 20 })
    #expect(found[0].description.hasPrefix("a: view AP: all 20 findings are normal, 20 elsewhere pneumonia;"))
    // What holds everywhere isn't said again for each source.
    let everywhere = ["a", "b"].flatMap { source in
      mixed(source) { finding, _ in ["view": finding == .normal ? "AP" : "PA"] }
    }
    #expect(try shortcuts(everywhere).map(\.within) == [nil, nil])
  }

  @Test("a header's traits: ages in any unit or from dates, words in capitals, nothing where it doesn't tell")
  func headers() throws {
    let root = PhantomFixture.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: root) }
    try PhantomArchive.write(count: 4, size: 64, seed: 1, to: root)
    func change(_ study: Int, _ file: String, _ body: (inout DataSet) -> Void) throws {
      let url = root.appending(path: "PHANTOM-00\(study)/\(file)")
      let image = try DICOMFile(reading: url)
      var dataSet = image.dataSet
      body(&dataSet)
      let pixels = try image.frame(0).pixels
      try DICOMWriter.write(
        dataSet,
        pixels: dataSet.integer(.bitsAllocated) == 8
          ? .bytes(frames: [pixels.map { UInt8(truncatingIfNeeded: $0) }])
          : .words(frames: [pixels.map { UInt16(truncatingIfNeeded: $0) }]),
        as: .explicitVRLittleEndian, to: url)
    }
    try change(1, "dx.dcm") {
      $0.set(.patientAge, "018M")
      $0.set(.patientSex, "F")
      $0.set(.viewPosition, "AP")
    }
    try change(2, "cr.dcm") {
      $0.setEmpty(.patientAge)
      $0.set(.patientBirthDate, "19800115")
      $0.set(.studyDate, "20240115")
    }
    try change(3, "dx.dcm") { $0.set(.patientAge, "7Y") }
    try change(4, "cr.dcm") {
      $0.set(.patientAge, "old")
      $0.setEmpty(.patientBirthDate)
    }
    let traits = try ArchiveIndex(scanning: root).images.map(\.traits)
    #expect(traits.map(\.?.age).map { $0.map { ($0 * 10).rounded() / 10 } } == [1.5, 44, 7, nil])
    #expect(traits[0]?.sex == "F" && traits[0]?.view == "AP" && traits[0]?.bits == 12)
    #expect(traits.allSatisfy { $0?.device?.hasSuffix("Phantom") ?? false })
    #expect(traits[1]?.polarity == "MONOCHROME1")
  }
}
