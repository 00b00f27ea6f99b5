import DICOM
import FoundationEssentials
import Radiography

/// One radiograph of the archive as the cache keeps it.
struct CachedImage: Sendable {
  /// size x size, 0...255; nil when the image can't be decoded.
  var image: [UInt8]?
  /// size x size coverage, 0...255.
  var mask: [UInt8]?
  var problems: [ArchiveProblem] = []
}

/// From the files of a radiograph and its masks to the squares of the cache.
struct CachedImageDecoder: Sendable {
  let root: URL
  let size: Int
  /// Whether lung masks are decoded too.
  var masks = true

  func decode(_ image: ArchiveImage) -> CachedImage {
    var result = CachedImage()
    let radiograph: Radiograph
    do {
      radiograph = try withArchiveFile(image.path, root: root) { try Radiograph(DICOMFile(reading: $0)) }
    } catch {
      result.problems.append(ArchiveProblem(.undecodableImage, path: image.path, message: "\(error)"))
      return result
    }
    result.image = Self.bytes(ModelInput(radiograph, size: size).values)
    if masks { result.mask = mask(of: image, on: radiograph, problems: &result.problems) }
    return result
  }

  /// The union of all lung segments of all masks, in the geometry of the radiograph; nil when none is good.
  private func mask(
    of image: ArchiveImage, on radiograph: Radiograph, problems: inout [ArchiveProblem]
  ) -> [UInt8]? {
    // Masks lie on the stored pixels.
    let (rows, columns) = radiograph.turning.inverse.size(rows: radiograph.rows, columns: radiograph.columns)
    var union = [UInt8](repeating: 0, count: rows * columns)
    var isEmpty = true
    for path in image.masks {
      do {
        let segmentation = try withArchiveFile(path, root: root) {
          try Segmentation(reading: DICOMFile(reading: $0))
        }
        guard segmentation.rows == rows, segmentation.columns == columns else {
          let message = "lung segmentation has other rows and columns than its image; left out"
          problems.append(ArchiveProblem(.maskSizeMismatch, path: path, message: message))
          continue
        }
        for segment in segmentation.segments where LungSegments.isLung(segment) {
          for index in union.indices where segment.mask[index] != 0 {
            union[index] = 1
            isEmpty = false
          }
        }
      } catch {
        problems.append(ArchiveProblem(.undecodableMask, path: path, message: "\(error)"))
      }
    }
    guard !isEmpty else {
      if let path = image.masks.first, problems.isEmpty {
        let message = "lung segmentation is empty; left out"
        problems.append(ArchiveProblem(.undecodableMask, path: path, message: message))
      }
      return nil
    }
    union = radiograph.turning(union, rows: rows, columns: columns)
    return Self.bytes(
      ModelInput.mask(union, columns: radiograph.columns, box: radiograph.contentBox, size: size))
  }

  private static func bytes(_ values: [Float]) -> [UInt8] {
    values.map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
  }
}
