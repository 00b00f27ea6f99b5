package import DICOM
package import Radiography

/// The lungs as masks on the source's pixels as they are stored.
package struct LungMasks: Sendable {
  package struct Lung: Sendable {
    package let concept: CodedConcept
    /// 1 inside, 0 outside; the stored rows x columns, row-major.
    package let mask: [UInt8]

    package var pixels: Int { mask.count { $0 != 0 } }
  }

  /// Right and left; one for both where the picture contradicts what the file says of its sides, so that nobody can
  /// tell which is which.
  package let lungs: [Lung]

  /// - Parameter probability: of lung for each pixel of the upright picture, row-major; lung is from 1/2 on.
  package init(_ probability: [Float], of radiograph: Radiograph) {
    let (rows, columns) = (radiograph.rows, radiograph.columns)
    let isLung = probability.map { $0 >= 0.5 }
    let back = radiograph.turning.inverse
    func stored(_ mask: [UInt8]) -> [UInt8] { back(mask, rows: rows, columns: columns) }
    guard radiograph.rightedOrientation != [] else {
      lungs = [Lung(concept: .bothLungs, mask: stored(isLung.map { $0 ? 1 : 0 }))]
      return
    }
    let sides = LungSides(isLung, rows: rows, columns: columns, box: radiograph.contentBox)
    var right = [UInt8](repeating: 0, count: isLung.count)
    var left = right
    for row in 0..<rows {
      for part in sides.parts(ofRow: row, columns: columns) {
        // Upright, the patient's right is at the viewer's left.
        for pixel in row * columns + part.columns.lowerBound..<row * columns + part.columns.upperBound {
          if part.isViewersLeft {
            right[pixel] = isLung[pixel] ? 1 : 0
          } else {
            left[pixel] = isLung[pixel] ? 1 : 0
          }
        }
      }
    }
    lungs = [
      Lung(concept: .rightLung, mask: stored(right)), Lung(concept: .leftLung, mask: stored(left)),
    ]
  }
}
