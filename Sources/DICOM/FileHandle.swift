internal import CDCMTK

/// An opened file in the shim; closed when it goes out of scope. Its pointer never leaves this type.
@safe
struct FileHandle: ~Copyable {
  private let file: OpaquePointer

  /// - Parameter headerOnly: Pixel data is neither read nor checked.
  init(path: String, headerOnly: Bool) throws(ToolkitError) {
    var status = cdcmtk_status()
    guard let file = unsafe cdcmtk_file_create(path, headerOnly, &status) else { throw ToolkitError(status) }
    unsafe self.file = file
  }

  deinit { unsafe cdcmtk_file_destroy(file) }

  var transferSyntaxUID: String { unsafe String(cString: cdcmtk_file_transfer_syntax(file)) }

  var numberOfFrames: Int { unsafe Int(cdcmtk_file_frames(file)) }

  /// The data set in the flat form of `FlatDataSet`.
  var elements: [UInt8] {
    var length = 0
    let start = unsafe cdcmtk_file_elements(file, &length)
    return unsafe Array(UnsafeBufferPointer(start: start, count: length))
  }

  func frame(_ index: UInt32) throws(ToolkitError) -> Frame {
    var status = cdcmtk_status()
    var description = cdcmtk_frame()
    unsafe cdcmtk_file_describe_frame(file, index, &description, &status)
    guard status.reason == CDCMTK_OK else { throw ToolkitError(status) }
    let count = Int(description.rows) * Int(description.columns) * Int(description.samples_per_pixel)
    let pixels = unsafe [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
      guard let start = buffer.baseAddress else { return }
      unsafe cdcmtk_file_decode_frame(file, index, start, count, &description, &status)
      // A failed decode leaves the buffer in any state; nothing of it is read.
      initialized = status.reason == CDCMTK_OK ? count : 0
    }
    guard status.reason == CDCMTK_OK else { throw ToolkitError(status) }
    return Frame(
      rows: Int(description.rows), columns: Int(description.columns),
      samplesPerPixel: Int(description.samples_per_pixel), bitsAllocated: Int(description.bits_allocated),
      bitsStored: Int(description.bits_stored), isSigned: description.is_signed,
      photometricInterpretation: text(of: description.photometric_interpretation), pixels: pixels)
  }
}

/// What the shim reports, before it is said in the terms of an operation.
struct ToolkitError: Error {
  let reason: cdcmtk_reason
  let code: Int?
  let message: String

  init(_ status: cdcmtk_status) {
    reason = status.reason
    code = status.toolkit_code == 0 ? nil : Int(status.toolkit_code)
    message = text(of: status.message)
  }
}

/// The text in a fixed-size C array, up to its null.
func text<Characters>(of characters: Characters) -> String {
  unsafe withUnsafeBytes(of: characters) { bytes in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
