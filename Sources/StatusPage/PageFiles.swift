import Mustache
import NIOCore

/// The templates and what pages load, which are files in `Pages` and part of the program.
enum PageFiles {
  static let style = ByteBuffer(bytes: PackageResources.page_css)
  static let script = ByteBuffer(bytes: PackageResources.page_js)
  static let icon = ByteBuffer(bytes: PackageResources.icon_svg)

  static let templates: MustacheLibrary = {
    var library = MustacheLibrary()
    for (name, bytes) in [
      ("frame", PackageResources.frame_mustache), ("overview", PackageResources.overview_mustache),
      ("summary", PackageResources.summary_mustache), ("plots", PackageResources.plots_mustache),
      ("studies", PackageResources.studies_mustache), ("attention", PackageResources.attention_mustache),
      ("deliveries", PackageResources.deliveries_mustache), ("study", PackageResources.study_mustache),
      ("sign-in", PackageResources.sign_in_mustache), ("notice", PackageResources.notice_mustache),
    ] {
      // They are compiled in, and a test renders every one.
      do { try library.register(String(decoding: bytes, as: UTF8.self), named: name) } catch {
        fatalError("\(name): \(error)")
      }
    }
    return library
  }()
}
