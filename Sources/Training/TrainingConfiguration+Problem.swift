internal import MultiMix
internal import NeuralNetworks

extension TrainingConfiguration {
  /// What is wrong with it, in a line; nil when it can be used.
  public var problem: String? { trained.problemOfSteps ?? trained.problemOfTerms ?? trained.problemOfImages }

  private var problemOfSteps: String? {
    let architecture = Architecture(widths: widths)
    if let problem = architecture.problem { return problem }
    if stages.isEmpty { return "no training steps" }
    for stage in stages {
      if stage.size < 32 || !architecture.takes(size: stage.size) || 256 % stage.size != 0 {
        let sizes = [32, 64, 128, 256].filter(architecture.takes).map(String.init)
        return "image size \(stage.size): one of \(sizes.joined(separator: ", "))"
      }
      if stage.steps < 1 { return "a stage of \(stage.steps) steps" }
    }
    if !(1...1024).contains(lanes) || lanes & (lanes - 1) != 0 {
      return "\(lanes) lanes: a power of two up to 1024"
    }
    if !(learningRate > 0 && learningRate.isFinite) { return "learning rate \(learningRate)" }
    if !(weightDecay >= 0 && weightDecay * grownLearningRate < 1) { return "weight decay \(weightDecay)" }
    if let emaDecay, !(0..<1).contains(emaDecay) { return "decay of the weights' average \(emaDecay)" }
    if validateEvery < 1 || checkpointEvery < 1 { return "validation and checkpoints every 0 steps" }
    return nil
  }

  private var problemOfTerms: String? {
    if !(objective.maskCrossEntropy >= 0) { return "weight of the masks' cross-entropy" }
    if !(objective.dropout >= 0 && objective.dropout < 1) { return "dropout \(objective.dropout)" }
    if !(0...1).contains(objective.tau) { return "tau \(objective.tau)" }
    if !(0.5..<1).contains(objective.maskConfidence) {
      return "confidence in masks \(objective.maskConfidence)"
    }
    if !(0..<1).contains(objective.thresholdDecay) {
      return "decay of the thresholds \(objective.thresholdDecay)"
    }
    return nil
  }

  private var problemOfImages: String? {
    let sizes = [batch.segmentation, batch.segmentationUnlabelled, batch.classification, batch.unlabelled]
    if sizes.contains(where: { $0 < 0 || $0 > 10_000 }) { return "batch sizes \(sizes)" }
    if !(1...1024).contains(batchFactor) { return "batches grown \(batchFactor) times: from 1 to 1024" }
    if batch.segmentation + batch.classification < 1 { return "no labelled images in a batch" }
    if !(0...1).contains(sourceExponent) { return "source exponent \(sourceExponent)" }
    if let maskSourceExponent, !(0...1).contains(maskSourceExponent) {
      return "source exponent of masks \(maskSourceExponent)"
    }
    if !(0...1).contains(detectorVariation) {
      return "probability of detector variation \(detectorVariation)"
    }
    if view == .lungs, !system.classifies {
      return "the view of the lungs, but the system \(system.rawValue) reads nothing in them"
    }
    if !(0...1).contains(lungsMargin) { return "margin of the lungs \(lungsMargin)" }
    if !(0...1).contains(lungsWeight) { return "weight of the lungs \(lungsWeight)" }
    if !(0..<0.5).contains(lungBoxVariation) { return "variation of the lungs' box \(lungBoxVariation)" }
    if !(0...1).contains(domainMixing) { return "probability of domain mixing \(domainMixing)" }
    if (labelledClassification ?? 0) < 0 || (labelledSegmentation ?? 0) < 0 {
      return "a negative label budget"
    }
    let lists = [sources, findingSources, maskSources, pseudoLabelSources, consistencySources, leftOut]
    if lists.contains([]) { return "a list of no source folders; leave it out for all" }
    for list in [findingSources, maskSources, pseudoLabelSources, consistencySources] {
      if let stranger = (list ?? []).first(where: { !takes(source: $0) }) {
        return "labels, or images without, from \(stranger), of which nothing is taken"
      }
    }
    return nil
  }
}
