internal import NeuralNetworks
internal import Tensors

/// A model with its convolutions' filters transformed for inference, which takes most of an inference's memory and is
/// only read: predictors that run side by side share one.
public final class PreparedModel: Sendable {
  public let metadata: ModelMetadata
  /// Of the model file; empty for a model that was not read from one.
  public let sha256: String
  let network: MultiMixNetwork<Float>
  /// What reads the lungs alone; the network's own encoder where nothing else does.
  let reader: ImageEncoder<Float>
  /// Of the decoder's second last layer.
  let visible: Parameters<Float>?

  /// - Parameter threads: that share the transforms.
  public init(_ model: Model, threads: Int) {
    metadata = model.metadata
    sha256 = model.sha256 ?? ""
    let architecture = model.metadata.architecture
    let workers = Workers(count: threads)
    network = MultiMixNetwork(
      Parameters(model.parameters), architecture, bridgesSaliency: model.metadata.system.bridgesSaliency,
      isTrained: false)
    network.refresh(on: workers)
    if model.reader == nil {
      reader = network.encoder
    } else {
      reader = ImageEncoder(Parameters(model.classifier), architecture)
      reader.refresh(on: workers)
    }
    visible = model.visibleLungs.map { Parameters($0) }
  }
}
