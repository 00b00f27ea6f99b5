internal import NeuralNetworks
internal import Tensors

extension TrainingThread {
  /// Weak-to-strong consistency of the segmentation: what the teacher sees in the weak view of unlabelled image `u`
  /// is what the network should see in the strong one, wherever the teacher is sure. Both views show the same
  /// pixels. With the moving average of the weights as the teacher it is a mean teacher (Tarvainen and Valpola 2017,
  /// arXiv 1703.01780); otherwise the network teaches itself, without dropout (FixMatch, Sohn et al. 2020,
  /// arXiv 2001.07685; UniMatch, Yang et al. 2023, arXiv 2208.09910). The teacher's pass carries no gradient.
  ///
  /// Overwrites the activations of the labelled image: its backward pass must be done.
  func followWeakView(_ batch: Batch<Element>, _ u: Int, _ objective: Objective, _ plan: DropoutPlan)
    -> LossTerms
  {
    var terms = LossTerms()
    let n = Double(batch.segmentationUnlabelled.count)
    let weak = labelled.forward(
      teacher ?? network, batch.segmentationUnlabelled[u], .none, objective, scratch, workers)
    let strong = unlabelled.forward(
      network, batch.segmentationStrong[u], plan, objective, scratch, workers)
    let (loss, confident) = confidentCrossEntropy(
      strong, teacher: weak, confidence: objective.maskConfidence)
    terms.consistency = loss.value / n
    terms.total = objective.consistency * loss.value / n
    terms.confidentPixels = confident / n
    guard confident > 0 else { return terms }
    let share = Element(objective.consistency / n)
    unlabelled.backward(network, loss.gradient.map { $0 * share }, plan, scratch, gradient, workers)
    return terms
  }
}
