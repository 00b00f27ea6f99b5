public import Archive
public import EvaluationMetrics
internal import Foundation
import MultiMix

extension Evaluation {
  /// The figures over a set of images. A part is nil where no image has such labels.
  public struct Figures: Sendable, Codable, Equatable {
    public var classification: ClassificationMetrics?
    public var segmentation: Segmentation?
    /// Of the findings that weren't left open; nil where the model leaves none open.
    public var decided: Decided?
    /// Of images whose lungs are known, by a system that reads findings.
    public var saliency: Saliency?

    /// What a model that leaves findings open is worth where it decides.
    public struct Decided: Sendable, Codable, Equatable {
      public let n: Int
      /// Share of the findings that are decided; 95 % by bootstrap over patients, nil where there is just one.
      public let coverage: Double
      public let coverageInterval: ConfidenceInterval?
      /// Share of the decided ones that are wrong; nil where none is decided.
      public let error: Double?
      public let errorInterval: ConfidenceInterval?
      /// Shares of the pneumonia and of the normal images, left open or not, that are called the other.
      public let missed, falseAlarms: Double?

      enum CodingKeys: String, CodingKey {
        case n, coverage, error, missed
        case coverageInterval = "coverage_ci"
        case errorInterval = "error_ci"
        case falseAlarms = "false_alarms"
      }

      /// - Precondition: at least one row.
      init(_ rows: [Row], metadata: ModelMetadata, patients: [String]?) {
        let decided = rows.map { !metadata.abstains(at: $0.pneumoniaProbability) }
        let wrong = rows.map {
          ($0.pneumoniaProbability >= metadata.decisionThreshold) != $0.isPneumonia
            && !metadata.abstains(at: $0.pneumoniaProbability)
        }
        let bootstrap = patients.map { Bootstrap(patients: $0) }
        /// Of images that `isOf`, the share that `isCounted`.
        func share(_ isCounted: [Bool], of isOf: [Bool]) -> Bootstrap.Statistic {
          { weights in
            var (counted, all) = (0, 0)
            for (image, weight) in weights.enumerated() where isOf[image] {
              all += weight
              if isCounted[image] { counted += weight }
            }
            return all > 0 ? Double(counted) / Double(all) : nil
          }
        }
        let once = [Int](repeating: 1, count: rows.count)
        let every = [Bool](repeating: true, count: rows.count)
        n = decided.count { $0 }
        coverage = Double(n) / Double(rows.count)
        coverageInterval = bootstrap?.interval(share(decided, of: every))
        error = share(wrong, of: decided)(once)
        errorInterval = error == nil ? nil : bootstrap?.interval(share(wrong, of: decided))
        missed = share(wrong, of: rows.map(\.isPneumonia))(once)
        falseAlarms = share(wrong, of: rows.map { !$0.isPneumonia })(once)
      }
    }

    /// Where decisions came from, over the images with a lung mask; means, with 95 % by bootstrap over patients (nil
    /// where there is just one).
    public struct Saliency: Sendable, Codable, Equatable {
      public let n: Int
      /// Share of the saliency that lies within the lungs.
      public let energyInLungs: Double
      /// Share of the images whose most salient pixel does.
      public let pointing: Double
      /// What either would be by chance: the lungs' share of the picture.
      public let chance: Double
      public let energyInterval, pointingInterval: ConfidenceInterval?
      /// Of the energy less the chance, image by image.
      public let gainInterval: ConfidenceInterval?

      enum CodingKeys: String, CodingKey {
        case n, pointing, chance
        case energyInLungs = "energy_in_lungs"
        case energyInterval = "energy_in_lungs_ci"
        case pointingInterval = "pointing_ci"
        case gainInterval = "energy_over_chance_ci"
      }

      /// - Parameter patients: of each image, for the intervals; nil draws none.
      /// - Precondition: at least one image.
      public init(meanOf images: [SaliencyMetrics], patients: [String]? = nil) {
        precondition(!images.isEmpty)
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let points = images.map { $0.pointsInside ? 1.0 : 0 }
        n = images.count
        energyInLungs = mean(images.map(\.energy))
        pointing = mean(points)
        chance = mean(images.map(\.chance))
        let bootstrap = patients.map { Bootstrap(patients: $0) }
        energyInterval = bootstrap?.interval(ofMean: images.map(\.energy))
        pointingInterval = bootstrap?.interval(ofMean: points)
        gainInterval = bootstrap?.interval(ofMean: images.map { $0.energy - $0.chance })
      }
    }

    /// Means over the images with a mask.
    public struct Segmentation: Sendable, Codable, Equatable {
      public let n: Int
      public let dice, jaccard, ssim, hausdorff, hausdorff95, precision, recall: Double
      /// Of the mean, 95 %, by bootstrap over patients; nil where there is just one patient.
      public let diceInterval: ConfidenceInterval?

      enum CodingKeys: String, CodingKey {
        case n, dice, jaccard, ssim, hausdorff, hausdorff95, precision, recall
        case diceInterval = "dice_ci"
      }

      /// - Parameter patients: of each image, for the interval; nil draws none.
      /// - Precondition: at least one image.
      public init(meanOf images: [SegmentationMetrics], patients: [String]? = nil) {
        precondition(!images.isEmpty)
        func mean(_ path: KeyPath<SegmentationMetrics, Double>) -> Double {
          images.reduce(0) { $0 + $1[keyPath: path] } / Double(images.count)
        }
        n = images.count
        dice = mean(\.dice)
        jaccard = mean(\.jaccard)
        ssim = mean(\.ssim)
        hausdorff = mean(\.hausdorff)
        hausdorff95 = mean(\.hausdorff95)
        precision = mean(\.precision)
        recall = mean(\.recall)
        diceInterval = patients.flatMap { Bootstrap(patients: $0).interval(ofMean: images.map(\.dice)) }
      }
    }

    /// One line for people.
    public var summary: String {
      func range(_ interval: ConfidenceInterval?) -> String {
        interval.map { String(format: " (%.3f to %.3f)", $0.lower, $0.upper) } ?? ""
      }
      var parts: [String] = []
      if let c = classification {
        let area = c.auroc.map { String(format: ", AUROC %.4f", $0) + range(c.aurocInterval) } ?? ""
        let rest = String(
          format: ", F1 normal %.4f, F1 pneumonia %.4f, ECE %.4f", c.f1Normal, c.f1Pneumonia, c.ece)
        parts.append("\(c.n) findings: accuracy " + String(format: "%.4f", c.accuracy) + area + rest)
      }
      if let s = segmentation {
        let rest = String(format: ", Jaccard %.4f, HD95 %.2f px", s.jaccard, s.hausdorff95)
        parts.append("\(s.n) masks: Dice " + String(format: "%.4f", s.dice) + range(s.diceInterval) + rest)
      }
      return parts.joined(separator: "; ")
    }
  }

  /// Over all rows, or those of one source folder.
  /// - Parameter withIntervals: whether to draw the bootstrap's intervals too.
  public func figures(source: String? = nil, withIntervals: Bool = true) -> Figures {
    figures(withIntervals: withIntervals) { row in source.map { row.image.source == $0 } ?? true }
  }

  /// Over the rows of an age group.
  /// - Parameter age: nil for those whose age isn't told.
  public func figures(age: AgeGroup?) -> Figures { figures(withIntervals: true) { $0.ageGroup == age } }

  /// The groups of ages that occur, from the youngest; nil, for those whose age isn't told, is the last. Empty where no
  /// age is told.
  public var ages: [AgeGroup?] {
    let groups = Set(rows.map(\.ageGroup))
    let told = AgeGroup.allCases.filter(groups.contains)
    return told.isEmpty ? [] : told + (groups.contains(nil) ? [nil] : [])
  }

  private func figures(withIntervals: Bool, of isChosen: (Row) -> Bool) -> Figures {
    func patients(_ rows: [Row]) -> [String]? { withIntervals ? rows.map(\.image.patientKey) : nil }
    var figures = Figures()
    let labelled = classified.filter(isChosen)
    if !labelled.isEmpty {
      figures.classification = ClassificationMetrics(
        probabilities: labelled.map(\.pneumoniaProbability), labels: labelled.map(\.isPneumonia),
        threshold: threshold, patients: patients(labelled))
      if abstentionBand != nil {
        figures.decided = .init(labelled, metadata: metadata, patients: patients(labelled))
      }
    }
    let masked = segmented.filter(isChosen)
    if !masked.isEmpty {
      figures.segmentation = .init(meanOf: masked.compactMap(\.segmentation), patients: patients(masked))
    }
    let explained = rows.filter { $0.saliency != nil && isChosen($0) }
    if !explained.isEmpty {
      figures.saliency = .init(meanOf: explained.compactMap(\.saliency), patients: patients(explained))
    }
    return figures
  }
}
