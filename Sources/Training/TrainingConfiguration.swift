public import MultiMix
public import NeuralNetworks

/// Everything that decides a training, apart from the archive: the same configuration, archive and instruction set
/// give the same model, bit by bit, whatever the threads.
public struct TrainingConfiguration: Sendable, Equatable, Codable {
  /// A stretch of training at one image size. The network is fully convolutional, so coarse images first
  /// are a cheap start.
  public struct Stage: Sendable, Equatable, Codable {
    /// Side of the images in pixels: the cache's size divided by a power of two, a multiple of the architecture's
    /// stride (32).
    public var size: Int
    public var steps: Int
    public init(size: Int, steps: Int) {
      self.size = size
      self.steps = steps
    }
  }

  public var name = "multimix"
  /// Which of the paper's systems it is. Weights and batch sizes of parts that it lacks don't count: see ``trained``.
  public var system = System.multimix
  /// Channels of the encoder's blocks: see `Architecture`.
  public var widths = Architecture.paperWidths
  public var stages = [Stage(size: 128, steps: 3000), Stage(size: 256, steps: 1000)]
  public var batch = BatchSizes()
  /// How many times as many images as `batch` says a step takes: 1, or more where more ranks compute it. A part of the
  /// configuration, so that the model doesn't depend on the ranks that happen to be there.
  public var batchFactor = 1
  /// How the learning rate grows with `batchFactor`.
  public var batchRule = BatchRule.squareRoot
  /// At the start, or at the top of the cosine; for a batch that isn't grown.
  public var learningRate = 1e-3
  public var schedule = Schedule.cosine(warmup: 100)
  /// AdamW's: what each step takes from every weight, as a fraction of the weight and the learning rate.
  public var weightDecay = 0.0
  /// Decay of the moving average of the weights, which is then what is validated and kept as the model; nil
  /// keeps the weights themselves.
  public var emaDecay: Double?
  public var objective = Objective()
  /// How many images keep their finding, and how many their mask; nil keeps all.
  public var labelledClassification: Int?
  public var labelledSegmentation: Int?
  /// The source folders of the archive that training and validation take images from; nil takes all.
  public var sources: [String]?
  /// Those of them whose findings, and whose masks, are learned and validated with; nil takes all.
  public var findingSources: [String]?
  public var maskSources: [String]?
  /// Those of them whose images are learned from without a finding, and without a mask; nil takes the sources of the
  /// findings, and of the masks.
  public var pseudoLabelSources: [String]?
  public var consistencySources: [String]?
  /// Source folders of which nothing is taken, nor anything of the patients that occur there: what the model is to be
  /// measured on. nil leaves none out.
  public var leftOut: [String]?
  /// A source folder is drawn in proportion to its number of images to this power: 1 draws every image alike,
  /// 0 every source alike.
  public var sourceExponent = 0.5
  /// The same for labelled masks alone; nil takes `sourceExponent`.
  public var maskSourceExponent: Double?
  /// Whether findings are drawn by source first and then by class, each class alike, and not at all (nor as
  /// unlabelled images) from a source with fewer than ten images of a class: what a picture's style says of its
  /// source then says nothing of its finding.
  public var balancedFindings = false
  /// What the classifier reads of an image: all, or the lungs alone.
  public var view = FindingsView.whole
  /// Around the lungs where it reads them alone, in shares of their height and width.
  public var lungsMargin = FindingsView.defaultMargin
  /// What the scores of the lungs weigh there in the mean with those of the whole picture.
  public var lungsWeight = 1.0
  /// By how much of its height and width each edge of the lungs' box moves at random in training.
  public var lungBoxVariation = 0.0
  /// Probability that an image takes grey levels of another source folder: see `DomainMixing`.
  public var domainMixing = 0.0
  /// Probability that a view that varies in geometry and exposure also looks as if another detector had taken it:
  /// see `Augmentation.detectorVariation(_:using:)`.
  public var detectorVariation = 0.0
  /// Whether every view of an image with a finding varies in geometry and exposure, as those with a mask do;
  /// otherwise half of them are the paper's weak views.
  public var variedFindings = false
  public var seed: UInt64 = 1
  /// Into how many lanes a step's images are dealt, which are added up one by one before they are joined: a power of
  /// two. As many threads have something to do, and sums are made in the same order whatever the threads.
  public var lanes = TrainingStep<Float>.defaultLanes
  /// SHA-256 of the model file that training goes on from; nil starts from random weights.
  public var initialModel: String?
  /// Whether the model reads every image's mirror image too, in validation and ever after.
  public var testTimeFlip = false
  public var validateEvery = 500
  public var checkpointEvery = 100

  public init() {}

  /// What it comes to: nothing is left of the parts that the system lacks. This is what is trained with and written
  /// down.
  public var trained: TrainingConfiguration {
    var trained = self
    trained.objective = system.terms(of: objective)
    trained.batch = system.streams(of: batch)
    return trained
  }

  /// Whether training and validation take images from a source folder.
  func takes(source: String) -> Bool {
    (sources?.contains(source) ?? true) && !(leftOut?.contains(source) ?? false)
  }

  /// How the learning rate follows a batch that is `batchFactor` times as large.
  public enum BatchRule: String, Sendable, Codable, CaseIterable {
    /// By the factor's square root: what keeps Adam's path (Malladi et al. 2022, "On the SDEs and scaling rules for
    /// adaptive gradient algorithms").
    case squareRoot
    /// By the factor: what keeps that of stochastic gradient descent (Goyal et al. 2017).
    case linear
    /// Not at all.
    case constant
  }

  /// Images of a step, by stream.
  public var grownBatch: BatchSizes {
    var grown = batch
    grown.segmentation *= batchFactor
    grown.segmentationUnlabelled *= batchFactor
    grown.classification *= batchFactor
    grown.unlabelled *= batchFactor
    return grown
  }

  /// The learning rate that goes with them.
  public var grownLearningRate: Double {
    switch batchRule {
    case .squareRoot: learningRate * Double(batchFactor).squareRoot()
    case .linear: learningRate * Double(batchFactor)
    case .constant: learningRate
    }
  }

  /// Every source folder that it names.
  public var namedSources: [String] {
    [sources, findingSources, maskSources, pseudoLabelSources, consistencySources, leftOut].flatMap {
      $0 ?? []
    }
  }

  public var steps: Int { stages.reduce(0) { $0 + $1.steps } }

  /// Pixels of an image of each of the first `steps` steps together, which their time goes with.
  public func pixels(inFirst steps: Int) -> Double {
    var left = steps
    return stages.reduce(0) { sum, stage in
      let taken = min(left, stage.steps)
      left -= taken
      return sum + Double(taken * stage.size * stage.size)
    }
  }

  /// The stage of a step counted from 0.
  func stage(at step: Int) -> Stage {
    var first = 0
    for stage in stages {
      if step < first + stage.steps { return stage }
      first += stage.steps
    }
    return stages.last ?? Stage(size: 256, steps: 0)
  }
}
