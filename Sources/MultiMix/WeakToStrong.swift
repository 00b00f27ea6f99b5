internal import NeuralNetworks
internal import Tensors

extension LaneRunner {
  /// Weak-to-strong consistency of the segmentation: what the teacher sees in the weak view of unlabelled image `u`
  /// is what the network should see in the strong one, wherever the teacher is sure. Both views show the same
  /// pixels. With the moving average of the weights as the teacher it is a mean teacher (Tarvainen and Valpola 2017,
  /// arXiv 1703.01780); otherwise the network teaches itself, without dropout (FixMatch, Sohn et al. 2020,
  /// arXiv 2001.07685; UniMatch, Yang et al. 2023, arXiv 2208.09910). The teacher's pass carries no gradient.
  ///
  /// Overwrites the activations of the labelled image: its backward pass must be done.
  func followWeakView(
    _ u: Int, _ work: StepWork<Element>, _ means: inout LossValues
  ) {
    let dropout = work.dropout(work.batch.numberOfUnlabelled(u))
    let weak = labelled.forward(
      teacher ?? network, work.batch.segmentationUnlabelled[u], .none, scratch, workers)
    let strong = unlabelled.forward(network, work.batch.segmentationStrong[u], dropout, scratch, workers)
    guard let logits = work.objective.strongView(strong, teacher: weak, &means) else { return }
    unlabelled.backward(network, logits, dropout, scratch, gradient, workers)
  }
}
