internal import Files
public import Foundation
public import NeuralNetworks
public import Tensors

/// A network with its weights, as read from a safetensors file: a value. Whoever computes with it takes a copy of the
/// weights.
public struct Model: Sendable {
  public var metadata: ModelMetadata
  public let parameters: ParameterValues<Float>
  /// An encoder of its own for the lungs alone, where the classifier reads nothing else and has one; of the
  /// architecture's ``Architecture/readerLayout``. The masks then are those of a network that it never changed.
  public let reader: ParameterValues<Float>?
  /// A second last layer of the decoder, of the architecture's ``Architecture/visibleLayout``, for a model that draws the
  /// lungs twice: with what heart and diaphragm hide of them, and as they are seen. Masks of both kinds stand side by side in
  /// archives, and one answer to both would blur the border.
  public let visibleLungs: ParameterValues<Float>?
  /// Of the file, in hexadecimal; nil for a model that was not read from one.
  public let sha256: String?

  /// - Parameters:
  ///   - parameters: of the architecture's layout.
  ///   - reader, visibleLungs: of the architecture's layouts for them.
  public init(
    metadata: ModelMetadata, parameters: ParameterValues<Float>, reader: ParameterValues<Float>? = nil,
    visibleLungs: ParameterValues<Float>? = nil
  ) {
    precondition(parameters.layout == metadata.architecture.layout)
    precondition(reader.map { $0.layout == metadata.architecture.readerLayout } ?? true)
    precondition(visibleLungs.map { $0.layout == metadata.architecture.visibleLayout } ?? true)
    self.metadata = metadata
    self.parameters = parameters
    self.reader = reader
    self.visibleLungs = visibleLungs
    sha256 = nil
  }

  /// The weights that a training of the classifier begins with: those of the network, and where there is a reader its
  /// own in the encoder's place.
  public var classifier: ParameterValues<Float> {
    guard let reader else { return parameters }
    return ParameterValues(
      parameters.layout,
      parameters.layout.entries.flatMap { entry in
        let own = Architecture.readerPrefix + entry.name
        return reader.layout.entry(own) == nil ? parameters.values(entry.name) : reader.values(own)
      })
  }

  /// The encoder of a network as a model's reader.
  /// - Parameter network: of the architecture's layout.
  public static func reader(
    of network: ParameterValues<Float>, _ architecture: Architecture
  ) -> ParameterValues<Float> {
    let layout = architecture.readerLayout
    return ParameterValues(
      layout,
      layout.entries.flatMap { network.values(String($0.name.dropFirst(Architecture.readerPrefix.count))) })
  }

  /// With the weights as they are now.
  public init(metadata: ModelMetadata, parameters: Parameters<Float>) {
    self.init(metadata: metadata, parameters: ParameterValues(parameters))
  }

  /// - Throws: `ModelError`, naming the file and what is wrong with it.
  public init(readingFrom url: URL) throws(ModelError) {
    let file = url.lastPathComponent
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw FileManager.default.fileExists(atPath: url.path) ? .unreadable(url.path) : .missing(url.path)
    }
    let contents: Safetensors
    do { contents = try Safetensors(data) } catch { throw .corrupt(url.path, "\(error)") }
    metadata = try ModelMetadata(contents.metadata, file: file)
    let layout = metadata.architecture.layout
    parameters = try Self.values(of: layout, in: contents, path: url.path)
    let hasReader = contents.arrays.keys.contains { $0.hasPrefix(Architecture.readerPrefix) }
    guard !hasReader || metadata.view == .lungs else {
      throw .invalidMetadata(
        file, "an encoder that reads the lungs, but the classifier reads the whole picture")
    }
    reader =
      hasReader ? try Self.values(of: metadata.architecture.readerLayout, in: contents, path: url.path) : nil
    let drawsVisible = contents.arrays.keys.contains { $0.hasPrefix(Architecture.visiblePrefix) }
    visibleLungs =
      drawsVisible
      ? try Self.values(of: metadata.architecture.visibleLayout, in: contents, path: url.path) : nil
    let known = [layout] + [reader, visibleLungs].compactMap { $0?.layout }
    // The published module has a layer that it never uses.
    for name in contents.arrays.keys
    where known.allSatisfy({ $0.entry(name) == nil }) && !name.hasPrefix("decoder.conv_last_saliency.") {
      throw .unknownParameter(url.path, name)
    }
    sha256 = ContentDigest(of: data).description
  }

  private static func values(of layout: ParameterLayout, in contents: Safetensors, path: String)
    throws(ModelError) -> ParameterValues<Float>
  {
    var values: [Float] = []
    values.reserveCapacity(layout.count)
    for entry in layout.entries {
      guard let array = contents.arrays[entry.name] else { throw .missingParameter(path, entry.name) }
      guard array.shape == entry.shape else {
        throw .shape(path, entry.name, expected: entry.shape, found: array.shape)
      }
      guard array.values.allSatisfy(\.isFinite) else {
        throw .corrupt(path, "\(entry.name) holds a value that is not finite")
      }
      values += array.values
    }
    return ParameterValues(layout, values)
  }

  /// float16 where that keeps every weight, as in a model that was exported so.
  public var exactPrecision: Safetensors.Precision {
    parts.flatMap(\.all).allSatisfy { Float(Float16($0)) == $0 } ? .float16 : .float32
  }

  private var parts: [ParameterValues<Float>] { [parameters] + [reader, visibleLungs].compactMap(\.self) }

  /// The model as a safetensors file's bytes.
  public func encoded(_ precision: Safetensors.Precision) -> Data {
    var file = Safetensors(metadata: metadata.dictionary)
    for values in parts {
      for entry in values.layout.entries {
        file.arrays[entry.name] = .init(shape: entry.shape, values: values.values(entry.name))
      }
    }
    return file.encoded(precision)
  }
}
