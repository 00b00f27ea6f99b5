import DICOM
import Radiography
import Testing

/// What an image leaves open that is read all the same.
@Suite("Scope")
struct ScopeTests {
  private func dataSet(_ change: (inout DataSet) -> Void = { _ in }) -> DataSet {
    var dataSet = DataSet.radiograph(rows: 100, columns: 100)
    for tag in [DICOM.Tag.bodyPartExamined, .viewPosition, .patientOrientation] { dataSet.remove(tag) }
    change(&dataSet)
    return dataSet
  }

  @Test("one that says neither body part nor view gets a note, or is refused")
  func unstated() {
    for silent in [
      dataSet(), dataSet { $0.set(.patientOrientation, ["L", "F"]) },
      dataSet { $0.set(.seriesDescription, "STANDARD") },
    ] {
      #expect(ScopeNote.notes(of: silent, ages: nil).map(\.code) == ["body_part_and_view_unstated"])
      #expect(Eligibility(silent) == .eligible)
      #expect(Eligibility(silent, refusesUnstated: true) == .notAnalysed(.unstated))
    }
  }

  @Test("a statement of one of them, in whatever attribute, is one")
  func stated() {
    for speaking in [
      dataSet { $0.set(.bodyPartExamined, "CHEST") }, dataSet { $0.set(.viewPosition, "AP") },
      dataSet { $0.set(.protocolName, "Thorax") }, dataSet { $0.set(.studyDescription, "CXR") },
    ] {
      #expect(ScopeNote.notes(of: speaking, ages: nil) == [])
      #expect(Eligibility(speaking, refusesUnstated: true) == .eligible)
    }
    // What is another part or view stays that.
    let lateral = dataSet { $0.set(.seriesDescription, "LATERAL") }
    #expect(Eligibility(lateral, refusesUnstated: true).reason?.code == "lateral")
  }

  @Test(
    "an age outside of the model's gets a note",
    arguments: [
      ("004Y", 0), ("000D", 1), ("010D", 1), ("011M", 1), ("012M", 0), ("005Y", 0), ("006Y", 1), ("062Y", 1),
      ("3Y", 0), ("4", 0), ("000Y", 0), ("old", 0), ("260W", 0), ("400W", 1),
    ] as [(String, Int)])
  func ages(text: String, notes: Int) {
    let image = dataSet {
      $0.set(.bodyPartExamined, "CHEST")
      $0.set(.patientAge, text)
      $0.remove(.patientBirthDate)
    }
    #expect(ScopeNote.notes(of: image, ages: 1...5).count == notes)
    #expect(ScopeNote.notes(of: image, ages: nil) == [])
  }

  @Test("without an age, birth and study date tell it")
  func dates() throws {
    let image = dataSet {
      $0.remove(.patientAge)
      $0.set(.patientBirthDate, "20200229")
      $0.set(.studyDate, "2021-03-01")
    }
    let age = try #require(PatientAge(image)).years
    #expect(abs(age - 366 / 365.2425) < 1e-9)
    #expect(PatientAge(dataSet { $0.remove(.patientBirthDate) }) == nil)
  }
}
