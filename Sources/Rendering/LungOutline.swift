import DICOM
package import Radiography

/// The outline of the lungs as lines on the pixels of a radiograph, for whoever draws it elsewhere.
package enum LungOutline {
  /// - Parameters:
  ///   - probability: rows x columns of the radiograph, row-major, 0...1; the line is where it is 0.5.
  /// - Returns: lines in pixels of the upright picture, from its upper left corner.
  package static func lines(_ probability: [Float], of radiograph: Radiograph) -> [IsoLine] {
    let (rows, columns) = (radiograph.rows, radiograph.columns)
    return lines(probability, width: columns, height: rows)
      .map { $0.simplified(tolerance: max(0.25, 0.0003 * Double(max(rows, columns)))) }
  }

  /// Of a picture of any size.
  static func lines(_ probability: [Float], width: Int, height: Int) -> [IsoLine] {
    // The network's own pixels are several of ours; smoothing by a fraction of one takes its steps away.
    let smooth = Smoothing.gaussian(
      probability, width: width, height: height, sigma: 0.0025 * Double(max(width, height)))
    return IsoLine.lines(in: smooth, width: width, height: height, level: 0.5)
  }
}
