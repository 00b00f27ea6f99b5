import Mustache
import NIOCore
import Synchronization

/// The pages as bytes, each rendered once for what was published last, however many ask for it.
final class RenderedPages: Sendable {
  private struct Cache {
    var generation = -1
    var metrics: ByteBuffer?
    var pages: [PageAccess.Right: ByteBuffer] = [:]
    var sections: [PageAccess.Right: PageSections] = [:]
  }

  private let board: StatusBoard
  private let hasToken: Bool
  private let cache = Mutex(Cache())

  init(board: StatusBoard, hasToken: Bool) { (self.board, self.hasToken) = (board, hasToken) }

  /// Nil before anything was published.
  func metrics() -> ByteBuffer? {
    fresh { cache, status in
      if let metrics = cache.metrics { return metrics }
      let text = ByteBuffer(string: status.metrics.text)
      cache.metrics = text
      return text
    }
  }

  func page(_ right: PageAccess.Right) -> ByteBuffer? {
    fresh { [self] cache, status in
      if let page = cache.pages[right] { return page }
      let body = PageFiles.templates.render(context(status.view, right), withTemplate: "overview") ?? ""
      let page = framed("mmdicom", body, right)
      cache.pages[right] = page
      return page
    }
  }

  func sections(_ right: PageAccess.Right) -> PageSections? {
    fresh { [self] cache, status in sections(&cache, status, right) }
  }

  func study(_ view: StudyView) -> ByteBuffer {
    framed("Study", PageFiles.templates.render(view, withTemplate: "study") ?? "", .everything)
  }

  func signIn(failed: Bool) -> ByteBuffer {
    framed(
      "Sign in", PageFiles.templates.render(["hasFailed": failed], withTemplate: "sign-in") ?? "", .nothing)
  }

  func notice(_ text: String) -> ByteBuffer {
    framed("mmdicom", PageFiles.templates.render(["text": text], withTemplate: "notice") ?? "", .nothing)
  }

  // MARK: Rendering

  private struct Context {
    let view: StatusView
    /// The token was given.
    let isOpen: Bool
    /// There is one that could be given.
    let hasToken: Bool
  }

  private struct Frame {
    let title: String
    let isHome: Bool
    let body: String
    let isOpen: Bool
    let offersSignIn: Bool
  }

  private func context(_ view: StatusView, _ right: PageAccess.Right) -> Context {
    let isOpen = right == .everything
    return Context(view: isOpen ? view : view.concealed(), isOpen: isOpen, hasToken: hasToken)
  }

  private func framed(_ title: String, _ body: String, _ right: PageAccess.Right) -> ByteBuffer {
    let frame = Frame(
      title: title, isHome: title == "mmdicom", body: body, isOpen: right == .everything,
      offersSignIn: right == .figures && hasToken)
    return ByteBuffer(string: PageFiles.templates.render(frame, withTemplate: "frame") ?? "")
  }

  private func sections(
    _ cache: inout Cache, _ status: PublishedStatus, _ right: PageAccess.Right
  ) -> PageSections {
    if let sections = cache.sections[right] { return sections }
    let view = context(status.view, right)
    let html = PageSections.names.map { name in
      (name, PageFiles.templates.render(view, withTemplate: name) ?? "")
    }
    let sections = PageSections(html: html)
    cache.sections[right] = sections
    return sections
  }

  private func fresh<Value>(_ body: (inout Cache, PublishedStatus) -> Value) -> Value? {
    guard let (generation, status) = board.latest() else { return nil }
    return cache.withLock { cache in
      if cache.generation != generation { cache = Cache(generation: generation) }
      return body(&cache, status)
    }
  }
}

/// The parts of the page that change while it is looked at.
struct PageSections: Sendable {
  static let names = ["summary", "plots", "studies", "attention", "deliveries"]

  /// By the name of each, in order.
  var html: [(id: String, html: String)] = []

  /// What changed since, as server-sent events: the section's name, and its content line by line.
  func changes(since last: PageSections) -> String {
    var text = ""
    for (id, html) in html where html != last.html.first(where: { $0.id == id })?.html {
      text += "event: \(id)\n"
      for line in html.split(whereSeparator: \.isNewline) { text += "data: \(line)\n" }
      text += "\n"
    }
    return text
  }
}
