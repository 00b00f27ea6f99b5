import DICOM
import Foundation
import Radiography
import Rendering
import Testing

@Suite("PNG")
struct PNGTests {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "png-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  @Test("colour comes back as it was written")
  func colour() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let picture = RGBPicture(
      width: 37, height: 11, pixels: (0..<37 * 11 * 3).map { UInt8(truncatingIfNeeded: $0 &* 97) })
    let url = folder.appending(path: "a.png")
    try PNG.write(picture, to: url)
    #expect(try PNG.readRGB(url) == picture)
    // Nothing but the file itself is left.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.png"])
  }

  @Test("grey comes back as it was written, also over an older file")
  func grey() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: "b.png")
    try Data([1, 2, 3]).write(to: url)
    let picture = GrayPicture(width: 256, height: 2, pixels: (0..<512).map { UInt8(truncatingIfNeeded: $0) })
    try PNG.write(picture, to: url)
    #expect(try PNG.readGray(url) == picture)
    let bytes = try Data(contentsOf: url)
    #expect(bytes.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    // IHDR: 8 bits, colour type 0 (grey).
    #expect(bytes[24] == 8 && bytes[25] == 0)
  }

  @Test("a folder that isn't there is named, and nothing is left behind")
  func noFolder() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: "absent/c.png")
    let picture = GrayPicture(width: 1, height: 1, pixels: [0])
    #expect(throws: PNGError.cannotWrite(path: url.path, why: "No such file or directory")) {
      try PNG.write(picture, to: url)
    }
  }

  @Test("a file that is no PNG is refused")
  func notPNG() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appending(path: "d.png")
    try Data("not a picture".utf8).write(to: url)
    #expect(throws: PNGError.self) { try PNG.readRGB(url) }
  }

  @Test("values 0...1 become 256 steps, clipped")
  func steps() {
    let picture = GrayPicture(width: 5, height: 1, values: [-1, 0, 0.5, 1, 3])
    #expect(picture.pixels == [0, 0, 128, 255, 255])
  }
}
