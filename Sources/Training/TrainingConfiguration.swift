public import MultiMix
public import NeuralNetworks

/// Everything that decides a training, apart from the archive: the same configuration, archive, number of
/// threads and instruction set give the same model, bit by bit.
public struct TrainingConfiguration: Sendable, Equatable, Codable {
  /// A stretch of training at one image size. The network is fully convolutional, so coarse images first
  /// are a cheap start.
  public struct Stage: Sendable, Equatable, Codable {
    /// Side of the images in pixels: the cache's size divided by a power of two, a multiple of 32.
    public var size: Int
    public var steps: Int
    public init(size: Int, steps: Int) {
      self.size = size
      self.steps = steps
    }
  }

  /// Images of one step, by stream.
  public struct BatchSizes: Sendable, Equatable, Codable {
    public var segmentation = 10
    public var segmentationUnlabelled = 10
    public var classification = 10
    public var unlabelled = 10
    public init() {}
  }

  public var name = "multimix"
  /// Which of the paper's systems it is; weights and batch sizes must agree: see `System.apply(to:)`.
  public var system = System.multimix
  public var stages = [Stage(size: 128, steps: 3000), Stage(size: 256, steps: 1000)]
  public var batch = BatchSizes()
  /// At the start, or at the top of the cosine.
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
  /// A source folder is drawn in proportion to its number of images to this power: 1 draws every image alike,
  /// 0 every source alike.
  public var sourceExponent = 0.5
  /// The same for labelled masks alone; nil takes `sourceExponent`.
  public var maskSourceExponent: Double?
  /// Whether findings are drawn by source first and then by class, each class alike, and not at all (nor as
  /// unlabelled images) from a source with fewer than ten images of a class: what a picture's style says of its
  /// source then says nothing of its finding.
  public var balancedFindings = false
  /// Probability that an image takes grey levels of another source folder: see `DomainMixing`.
  public var domainMixing = 0.0
  /// Probability that a view that varies in geometry and exposure also looks as if another detector had taken it:
  /// see `Augmentation.detectorVariation(_:using:)`.
  public var detectorVariation = 0.0
  /// Whether every view of an image with a finding varies in geometry and exposure, as those with a mask do;
  /// otherwise half of them are the paper's weak views.
  public var variedFindings = false
  public var seed: UInt64 = 1
  /// SHA-256 of the model file that training goes on from; nil starts from random weights.
  public var initialModel: String?
  /// Whether the model reads every image's mirror image too, in validation and ever after.
  public var testTimeFlip = false
  public var validateEvery = 500
  public var checkpointEvery = 100

  public init() {}

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

  /// What is wrong with it, in a line; nil when it can be used.
  public var problem: String? {
    if stages.isEmpty { return "no training steps" }
    for stage in stages {
      if stage.size < 32 || stage.size > 256 || 256 % stage.size != 0 {
        return "image size \(stage.size): 32, 64, 128 or 256"
      }
      if stage.steps < 1 { return "a stage of \(stage.steps) steps" }
    }
    let sizes = [batch.segmentation, batch.segmentationUnlabelled, batch.classification, batch.unlabelled]
    if sizes.contains(where: { $0 < 0 || $0 > 10_000 }) { return "batch sizes \(sizes)" }
    if batch.segmentation + batch.classification < 1 { return "no labelled images in a batch" }
    var restricted = self
    system.restrict(&restricted)
    if restricted != self {
      return "weights or batches of a part that the system \(system.rawValue) doesn't have"
    }
    if objective.saliencyBridge != system.bridgesSaliency {
      return "the system \(system.rawValue) \(system.bridgesSaliency ? "has a" : "has no") saliency bridge"
    }
    if !(learningRate > 0 && learningRate.isFinite) { return "learning rate \(learningRate)" }
    if !(weightDecay >= 0 && weightDecay * learningRate < 1) { return "weight decay \(weightDecay)" }
    if let emaDecay, !(0..<1).contains(emaDecay) { return "decay of the weights' average \(emaDecay)" }
    if !(0...1).contains(sourceExponent) { return "source exponent \(sourceExponent)" }
    if let maskSourceExponent, !(0...1).contains(maskSourceExponent) {
      return "source exponent of masks \(maskSourceExponent)"
    }
    if !(0...1).contains(detectorVariation) {
      return "probability of detector variation \(detectorVariation)"
    }
    if !(objective.maskCrossEntropy >= 0) { return "weight of the masks' cross-entropy" }
    if !(0...1).contains(domainMixing) { return "probability of domain mixing \(domainMixing)" }
    if !(objective.dropout >= 0 && objective.dropout < 1) { return "dropout \(objective.dropout)" }
    if !(0...1).contains(objective.tau) { return "tau \(objective.tau)" }
    if !(0.5..<1).contains(objective.maskConfidence) {
      return "confidence in masks \(objective.maskConfidence)"
    }
    if !(0..<1).contains(objective.thresholdDecay) {
      return "decay of the thresholds \(objective.thresholdDecay)"
    }
    if (labelledClassification ?? 0) < 0 || (labelledSegmentation ?? 0) < 0 {
      return "a negative label budget"
    }
    if sources?.isEmpty ?? false { return "no source folders" }
    if validateEvery < 1 || checkpointEvery < 1 { return "validation and checkpoints every 0 steps" }
    return nil
  }
}
