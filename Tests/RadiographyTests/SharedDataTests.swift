import DICOM
import Foundation
import Radiography
import TestSupport
import Testing

/// Real radiographs that aren't part of the project.
enum SharedData {
  static let isPresent = TestEnvironment.shared != nil
  private static let data = (TestEnvironment.shared ?? URL(filePath: "/")).appending(path: "data")
  static let originals = data.appending(path: "originals")
  static let archive = data.appending(path: "archive")
  static let adults = data.appending(path: "adults")
  static let odd = data.appending(path: "odd")
}

@Suite(
  "Real radiographs", .enabled(if: SharedData.isPresent, "skipped: no ../shared/data (set MMDICOM_SHARED)"))
struct SharedDataTests {
  static let liar = "cr-mono1-tag-wrong-pixels-mono2.dcm"

  @Test("all six originals are read; only the one whose tag lies is inverted")
  func originals() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: SharedData.originals.path).sorted()
    #expect(names.count == 6)
    for name in names {
      let file = try DICOMFile(reading: SharedData.originals.appending(path: name))
      #expect(Eligibility(file.dataSet) == .eligible, "\(name)")
      let radiograph = try Radiograph(file)
      let isInverted = radiograph.notes.contains(.polarityContradictsTag(tag: "MONOCHROME1"))
      #expect(isInverted == (name == Self.liar), "\(name)")
      // Air beside the patient is darker than the abdomen, in all of them.
      let input = ModelInput(radiograph, size: 64).values
      func mean(_ rows: Range<Int>, _ columns: Range<Int>) -> Float {
        rows.flatMap { row in columns.map { input[row * 64 + $0] } }.reduce(0, +)
          / Float(rows.count * columns.count)
      }
      #expect(mean(54..<64, 20..<44) > mean(0..<10, 0..<8) + 0.2, "\(name)")
    }
  }

  @Test("originals are turned back from every way in which they may lie, whatever their tag says")
  func turnedOriginals() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: SharedData.originals.path).sorted()
    for name in names {
      let file = try DICOMFile(reading: SharedData.originals.appending(path: name))
      let frame = try file.frame(0)
      let upright = try Radiograph(frame, of: file.dataSet)
      #expect(upright.turning == .none, "\(name)")
      for turning in [
        Turning(reversesRows: true, reversesColumns: true), Turning(transposes: true, reversesColumns: true),
        Turning(transposes: true, reversesRows: true),
      ] {
        let size = turning.size(rows: frame.rows, columns: frame.columns)
        let turned = Frame(
          rows: size.rows, columns: size.columns, samplesPerPixel: 1, bitsAllocated: frame.bitsAllocated,
          bitsStored: frame.bitsStored, isSigned: frame.isSigned,
          photometricInterpretation: frame.photometricInterpretation,
          pixels: turning(frame.pixels, rows: frame.rows, columns: frame.columns))
        let radiograph = try Radiograph(turned, of: file.dataSet)
        #expect(radiograph.turning == turning.inverse, "\(name)")
        #expect(radiograph.values == upright.values, "\(name)")
      }
    }
  }

  @Test("a chest that stands on its head, inverted, under a tag in the wrong order, is righted")
  func upsideDown() throws {
    let radiograph = try Radiograph(
      DICOMFile(reading: SharedData.odd.appending(path: "dx-upside-down.dcm")))
    #expect(radiograph.turning == Turning(reversesRows: true))
    let codes = radiograph.notes.map(\.code)
    #expect(codes.contains("orientation_contradicts_tag") && codes.contains("polarity_contradicts_tag"))
    #expect(radiograph.rightedOrientation == ["L", "F"])
  }

  @Test("the same picture under a true and a lying tag becomes the same input")
  func liarAgreesWithTwin() throws {
    let liar = try DICOMFile(reading: SharedData.originals.appending(path: Self.liar))
    var told = liar.dataSet
    told.set(.photometricInterpretation, "MONOCHROME2")
    let frame = try liar.frame(0)
    let truth = try Radiograph(frame, of: told)
    #expect(!truth.notes.map(\.code).contains("polarity_contradicts_tag"))
    let one = ModelInput(try Radiograph(liar)).values
    let other = ModelInput(truth).values
    #expect(zip(one, other).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("a sample of the archive is eligible, and its polarity is left alone")
  func archiveSample() throws {
    for source in ["kermany", "nih_talo", "v7_ieee8023", "v7_kermany", "v7_kermany224"] {
      let folder = SharedData.archive.appending(path: source)
      let patients = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      for patient in stride(from: 0, to: patients.count, by: max(1, patients.count / 6)) {
        let files = try FileManager.default.contentsOfDirectory(
          at: folder.appending(path: patients[patient]), includingPropertiesForKeys: nil)
        for url in files where url.pathExtension == "dcm" {
          let header = try DICOMFile.header(of: url)
          guard header.string(.modality) != "SEG" else {
            #expect(Eligibility(header).reason?.code == "not_a_radiograph")
            continue
          }
          #expect(Eligibility(header) == .eligible, "\(url.path)")
          let radiograph = try Radiograph(DICOMFile(reading: url))
          #expect(!radiograph.notes.map(\.code).contains("polarity_contradicts_tag"), "\(url.path)")
          #expect(radiograph.turning == .none, "\(url.path)")
          #expect(radiograph.pixelSpacing?.isCalibrated != true, "\(url.path)")
        }
      }
    }
  }
}
