import Archive
import Foundation
import Testing

@Suite("Splits by patient")
struct SplitTests {
  /// An index as if scanned: made through JSON, for want of that many files.
  static func index(_ images: [(patient: String, finding: Finding?, split: Split?)]) throws -> ArchiveIndex {
    let list = images.enumerated().map { number, image in
      var fields: [String: Any] = [
        "path": "a/\(number).dcm", "source": "a", "sopInstanceUID": "1.\(number)",
        "studyInstanceUID": "2.\(number)", "seriesInstanceUID": "3.\(number)", "patientID": image.patient,
        "rows": 8, "columns": 8, "fileSize": 100, "masks": [String](),
      ]
      fields["finding"] = image.finding?.rawValue
      fields["split"] = image.split?.rawValue
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
      ArchiveIndex.self, from: JSONSerialization.data(withJSONObject: object))
  }

  /// 300 patients with 1 to 4 images each, two thirds of them with pneumonia.
  static func many() throws -> ArchiveIndex {
    try index(
      (0..<300).flatMap { patient in
        (0...(patient % 4)).map { _ in
          ("P\(patient)", patient % 3 == 0 ? Finding.normal : .pneumonia, Split?.none)
        }
      })
  }

  @Test("no patient in two splits, every image in one")
  func wholePatients() throws {
    let index = try Self.many().assigningSplits(validation: 0.1, test: 0.2, seed: 3)
    let splits = Dictionary(grouping: index.images, by: \.patientID).values.map { Set($0.map(\.split)) }
    #expect(splits.allSatisfy { $0.count == 1 && !$0.contains(nil) })
  }

  @Test("shares are kept, for each class", arguments: [UInt64(0), 1, 99])
  func shares(_ seed: UInt64) throws {
    let index = try Self.many().assigningSplits(validation: 0.1, test: 0.2, seed: seed)
    for finding in Finding.allCases {
      let images = index.images.filter { $0.finding == finding }
      for (split, share) in [(Split.train, 0.7), (.val, 0.1), (.test, 0.2)] {
        let found = Double(images.filter { $0.split == split }.count)
        // At most one patient of four images beside the mark, and what the other class carried over.
        #expect(abs(found - share * Double(images.count)) <= 8)
      }
    }
  }

  @Test("the same seed gives the same splits, another seed others")
  func seeds() throws {
    let index = try Self.many()
    let first = index.assigningSplits(validation: 0.2, seed: 5)
    #expect(first == index.assigningSplits(validation: 0.2, seed: 5))
    let other = index.assigningSplits(validation: 0.2, seed: 6)
    #expect(first.images.map(\.split) != other.images.map(\.split))
    #expect(first.digest != other.digest)
  }

  @Test("the order of images in the archive doesn't matter to a patient")
  func order() throws {
    let images: [(String, Finding?, Split?)] = (0..<50).map { ("P\($0)", .normal, nil) }
    let forward = try Self.index(images).assigningSplits(validation: 0.3, seed: 1)
    let backward = try Self.index(images.reversed()).assigningSplits(validation: 0.3, seed: 1)
    func byPatient(_ index: ArchiveIndex) -> [String: Split?] {
      Dictionary(index.images.map { ($0.patientID, $0.split) }, uniquingKeysWith: { first, _ in first })
    }
    #expect(byPatient(forward) == byPatient(backward))
  }

  @Test("known splits stay; a patient's other images follow, held out where in doubt")
  func known() throws {
    let index = try Self.index([
      ("A", .normal, .val), ("A", nil, nil), ("B", .pneumonia, .train), ("B", nil, nil),
      ("C", nil, .train), ("C", nil, .test), ("C", nil, nil), ("D", nil, nil),
    ]).assigningSplits(validation: 0, seed: 1)
    #expect(index.images.map(\.split) == [.val, .val, .train, .train, .train, .test, .test, .train])
  }

  @Test("images without a patient are kept together by study, not all as one")
  func nameless() throws {
    let index = try Self.index((0..<40).map { _ in ("", nil, nil) }).assigningSplits(validation: 0.5, seed: 1)
    #expect(index.split(.val).count == 20)
  }
}
