import MultiMix
import Radiography

/// What the network says about one radiograph, in the radiograph's own geometry.
package struct Findings: Sendable {
  /// Calibrated probability of pneumonia, 0...1.
  package let pneumoniaProbability: Double
  /// The class that the decision threshold gives.
  package let finding: String
  /// Whether `finding` is the positive class.
  package let isPositive: Bool
  /// Whether the model leaves open at this probability which class it is.
  package let isUncertain: Bool
  /// Probability of lung for each pixel of the source, row-major; 0 in the padding.
  package let lungProbability: [Float]
  /// Pixels of the source with a lung probability of at least 1/2 / pixels of the content box.
  package let lungFraction: Double
  /// Lung pixels x area of a pixel, mm²; nil unless the spacing is calibrated.
  package let lungArea: Double?

  /// Reads a prediction.
  /// - Parameters:
  ///   - prediction: what the network gave for `input`.
  ///   - metadata: its decision threshold, abstention band and class names.
  init(_ prediction: Prediction, of radiograph: Radiograph, input: ModelInput, metadata: ModelMetadata) {
    let probability = prediction.pneumoniaProbability
    pneumoniaProbability = probability
    isPositive = probability >= metadata.decisionThreshold
    isUncertain = metadata.abstains(at: probability)
    finding = Self.className(isPositive: isPositive, names: metadata.classNames)
    // Probabilities are interpolated, not logits, so that "0 outside the content box" means no lung.
    let lung = input.mapBack(prediction.lungProbability)
    lungProbability = lung
    let count = lung.count { $0 >= 0.5 }
    lungFraction = Double(count) / Double(radiograph.contentBox.rows * radiograph.contentBox.columns)
    lungArea = radiograph.pixelSpacing.flatMap { $0.isCalibrated ? Double(count) * $0.pixelArea : nil }
  }

  private static func className(isPositive: Bool, names: [String]) -> String {
    let positive = "pneumonia"
    return isPositive ? positive : names.first { $0 != positive } ?? "normal"
  }
}
