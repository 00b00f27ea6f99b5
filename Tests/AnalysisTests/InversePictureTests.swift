import DICOM
import Foundation
import MultiMix
import Radiography
import TestSupport
import Testing

/// What the released model's gate says of a chest whose grey levels are the wrong way round.
@Suite struct InversePictureTests {
  @Test("lungs that show in the inverse alone are drawn as there, and are doubtful")
  func lungsOfTheInverse() throws {
    let samples = TestEnvironment.packageRoot.appending(path: "samples")
    let predictor = Predictor(
      try Model(readingFrom: samples.appending(path: "multimix.safetensors")), threads: 2)
    let names = FileManager.default.enumerator(atPath: samples.appending(path: "phantoms").path)?.compactMap {
      $0 as? String
    }
    var doubted = 0
    for name in try #require(names).sorted() where name.hasSuffix(".dcm") {
      let file = try DICOMFile(reading: samples.appending(path: "phantoms/\(name)"))
      guard file.dataSet.uid(.sopClassUID) != .segmentationStorage else { continue }
      let input = ModelInput(try Radiograph(file)).values
      let plain = predictor.predict(input)
      let inverse = predictor.predict(input.map { 1 - $0 })
      #expect(plain.lungs != .notFound, "\(name)")
      #expect(inverse.lungs != .notFound, "\(name)")
      guard inverse.lungs == .doubtful, plain.lungs == .lungs,
        zip(inverse.lungProbability, plain.lungProbability).allSatisfy({ abs($0 - $1) < 0.01 })
      else { continue }
      // The finding is of the picture as it is stated.
      #expect(inverse.classLogits != plain.classLogits)
      doubted += 1
    }
    #expect(doubted > 0)
  }
}
