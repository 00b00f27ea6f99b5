import Archive
import Foundation
import Testing
import Training

/// Budgets of labels on an index of many patients, some with several images, some with both findings.
@Suite struct LabelBudgetTests {
  private let index: ArchiveIndex
  private let labelled: [Int]

  init() throws {
    // 200 patients of 1 to 4 images, one in four normal; every tenth changes its finding from image to image.
    var images: [[String: Any]] = []
    for patient in 0..<200 {
      for visit in 0...(patient % 4) {
        let normal = patient % 10 == 9 ? visit % 2 == 0 : patient % 4 == 1
        images.append([
          "path": "a/\(images.count).dcm", "source": "a", "sopInstanceUID": "1.\(images.count)",
          "studyInstanceUID": "2.\(images.count)", "seriesInstanceUID": "3.\(images.count)",
          "patientID": "P\(patient)", "rows": 8, "columns": 8, "fileSize": 100, "masks": [String](),
          "finding": normal ? "normal" : "pneumonia", "split": "train",
        ])
      }
    }
    let object: [String: Any] = [
      "images": images, "problems": [String](), "digest": "", "pixelDigest": "",
      "counts": [
        "files": 0, "radiographs": 0, "masks": 0, "notDICOM": 0, "otherObjects": [String: Int](),
        "headersRead": 0,
      ],
    ]
    index = try JSONDecoder().decode(
      ArchiveIndex.self, from: JSONSerialization.data(withJSONObject: object))
    labelled = Array(index.images.indices)
  }

  private func draw(_ count: Int?, seed: UInt64 = 5, balancing: Bool = true) -> [Int] {
    LabelBudget.draw(labelled, count: count, index: index, seed: seed, balancingClasses: balancing)
  }

  @Test(arguments: [1, 10, 50, 100], [UInt64(1), 2, 77])
  func exactBalancedWholePatients(count: Int, seed: UInt64) {
    let chosen = draw(count, seed: seed)
    #expect(chosen.count == count && Set(chosen).count == count && chosen == chosen.sorted())
    // As balanced as whole patients of up to four images allow.
    let normal = chosen.count { index.images[$0].finding == .normal }
    #expect(abs(2 * normal - count) <= 4, "\(normal) of \(count)")
    // Whole patients, but for the last one.
    let rest = Set(labelled).subtracting(chosen)
    let torn = Set(chosen.map { index.images[$0].patientID })
      .intersection(rest.map { index.images[$0].patientID })
    #expect(torn.count <= 1)
  }

  @Test(arguments: [true, false]) func smallBudgetsLieInLargeOnes(balancing: Bool) {
    let budgets = [1, 10, 50, 100, 250].map { Set(draw($0, balancing: balancing)) }
    for (small, large) in zip(budgets, budgets.dropFirst()) { #expect(small.isSubset(of: large)) }
  }

  @Test func theSeedDecides() {
    #expect(draw(20) == draw(20))
    #expect(draw(20) != draw(20, seed: 6))
  }

  @Test func allIsTheDefaultAndWhatIsLeftWhenThereAreFewer() {
    #expect(TrainingConfiguration().labelledClassification == nil)
    #expect(TrainingConfiguration().labelledSegmentation == nil)
    #expect(draw(nil) == labelled && draw(100_000) == labelled)
    // The normal patients run out: the others fill the budget.
    let ill = Set(
      labelled.filter { index.images[$0].finding == .pneumonia }.map { index.images[$0].patientID })
    let healthy = labelled.filter { !ill.contains(index.images[$0].patientID) }
    let chosen = draw(2 * healthy.count + 100)
    #expect(chosen.count == 2 * healthy.count + 100)
    #expect(Set(healthy).isSubset(of: chosen))
  }
}
