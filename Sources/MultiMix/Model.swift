internal import Files
public import Foundation
public import NeuralNetworks
public import Tensors

/// A network with its weights, as read from a safetensors file: a value. Whoever computes with it takes a copy of the
/// weights.
public struct Model: Sendable {
  public var metadata: ModelMetadata
  public let parameters: ParameterValues<Float>
  /// Of the file, in hexadecimal; nil for a model that was not read from one.
  public let sha256: String?

  /// - Parameter parameters: of the architecture's layout.
  public init(metadata: ModelMetadata, parameters: ParameterValues<Float>) {
    precondition(parameters.layout == metadata.architecture.layout)
    self.metadata = metadata
    self.parameters = parameters
    sha256 = nil
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
    var values: [Float] = []
    values.reserveCapacity(layout.count)
    for entry in layout.entries {
      guard let array = contents.arrays[entry.name] else { throw .missingParameter(url.path, entry.name) }
      guard array.shape == entry.shape else {
        throw .shape(url.path, entry.name, expected: entry.shape, found: array.shape)
      }
      guard array.values.allSatisfy(\.isFinite) else {
        throw .corrupt(url.path, "\(entry.name) holds a value that is not finite")
      }
      values += array.values
    }
    parameters = ParameterValues(layout, values)
    // The published module has a layer that it never uses.
    for name in contents.arrays.keys
    where layout.entry(name) == nil && !name.hasPrefix("decoder.conv_last_saliency.") {
      throw .unknownParameter(url.path, name)
    }
    sha256 = ContentDigest(of: data).description
  }

  /// float16 where that keeps every weight, as in a model that was exported so.
  public var exactPrecision: Safetensors.Precision {
    parameters.all.allSatisfy { Float(Float16($0)) == $0 } ? .float16 : .float32
  }

  /// The model as a safetensors file's bytes.
  public func encoded(_ precision: Safetensors.Precision) -> Data {
    var file = Safetensors(metadata: metadata.dictionary)
    for entry in parameters.layout.entries {
      file.arrays[entry.name] = .init(shape: entry.shape, values: parameters.values(entry.name))
    }
    return file.encoded(precision)
  }
}
