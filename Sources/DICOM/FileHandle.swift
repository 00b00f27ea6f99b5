internal import CDCMTK

/// A parsed file in the shim; freed when it goes out of scope. Its pointer never leaves this type.
@safe
struct FileHandle: ~Copyable {
  private let file: OpaquePointer

  /// - Parameters:
  ///   - bytes: Of the whole file, or of its beginning.
  ///   - headerOnly: Pixel data is neither read nor checked.
  ///   - body: Gets the parsed file; it refers to `bytes`, which stay where they are meanwhile.
  static func withContents<Result>(
    of bytes: [UInt8], isWhole: Bool, headerOnly: Bool, _ body: (borrowing FileHandle) -> Result
  ) throws(ToolkitError) -> Result {
    var status = cdcmtk_status()
    let result = unsafe bytes.withUnsafeBufferPointer { buffer -> Result? in
      guard let start = buffer.baseAddress,
        let file = unsafe cdcmtk_file_create(start, buffer.count, isWhole, headerOnly, &status)
      else { return nil }
      return body(unsafe FileHandle(file: file))
    }
    guard let result else { throw ToolkitError(status) }
    return result
  }

  private init(file: OpaquePointer) { unsafe self.file = file }

  deinit { unsafe cdcmtk_file_destroy(file) }

  var transferSyntaxUID: String { unsafe String(cString: cdcmtk_file_contents(file).transfer_syntax) }

  /// Where the data set begins in the file.
  var dataSetStart: Int { unsafe Int(cdcmtk_file_contents(file).data_set_start) }

  var remarks: [ParseRemark] {
    let lines = unsafe String(cString: cdcmtk_file_contents(file).remarks).split(separator: "\n")
    return lines.compactMap { ParseRemark(line: $0) }
  }

  /// Everything before the pixel data.
  var dataSet: DataSet {
    let contents = unsafe cdcmtk_file_contents(file)
    let elements = unsafe Array(
      UnsafeBufferPointer(start: contents.elements, count: contents.elements_length))
    return ExplicitLittleEndian.decode(elements, withoutRepresentations: unsafe contents.is_implicit)
  }

  /// The pixel data as it stands in the file; nil where there is none.
  var pixels: StoredPixels? {
    let contents = unsafe cdcmtk_file_contents(file)
    guard unsafe contents.has_pixels else { return nil }
    let bytes = unsafe Array(UnsafeBufferPointer(start: contents.pixels, count: contents.pixels_length))
    guard unsafe contents.is_encapsulated else {
      return unsafe StoredPixels(
        bytes: bytes,
        layout: .native(isBigEndian: contents.is_big_endian, isWords: contents.is_words))
    }
    let fragments = unsafe UnsafeBufferPointer(start: contents.fragments, count: contents.fragment_count)
    let offsets = unsafe UnsafeBufferPointer(
      start: contents.frame_offsets, count: contents.frame_offset_count)
    return unsafe StoredPixels(
      bytes: bytes,
      layout: .encapsulated(
        fragments: fragments.map { Int($0.offset)..<Int($0.offset + $0.length) },
        frameOffsets: offsets.map { Int(clamping: $0) }))
  }
}

/// What the shim reports, before it is said in the terms of an operation.
struct ToolkitError: Error {
  let reason: cdcmtk_reason
  let code: Int?
  let message: String

  init(_ status: cdcmtk_status) {
    self.init(
      status.reason, text(of: status.message),
      code: status.toolkit_code == 0 ? nil : Int(status.toolkit_code))
  }

  init(_ reason: cdcmtk_reason, _ message: String, code: Int? = nil) {
    self.reason = reason
    self.message = message
    self.code = code
  }
}

/// The text in a fixed-size C array, up to its null.
func text<Characters>(of characters: Characters) -> String {
  unsafe withUnsafeBytes(of: characters) { bytes in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
