import Dispatch
import HTTPTypes
import Mustache
import NIOCore
import Synchronization

/// The pages as bytes, each rendered once for what was published last, however many ask for it.
///
/// Rendering never holds up the thread that answers. What was asked for since the last publication is rendered by who
/// publishes, before anybody can ask for it; anything else on a thread of its own, while the others are answered.
final class RenderedPages: Sendable {
  /// What there is to be rendered.
  enum Part: Hashable, Sendable {
    case metrics
    case page(PageAccess.Right)
    case sections(PageAccess.Right)
  }

  private enum Content: Sendable {
    case bytes(ByteBuffer)
    case sections(PageSections)
  }

  private struct Cache {
    /// By the number of the publication.
    var editions: [Int: [Part: Content]] = [:]
    /// What was asked for since the last one.
    var wanted: Set<Part> = []
  }

  private let board: StatusBoard
  private let hasToken: Bool
  private let cache = Mutex(Cache())
  private let queue = DispatchQueue(label: "pages")

  init(board: StatusBoard, hasToken: Bool) {
    (self.board, self.hasToken) = (board, hasToken)
    board.prepareWith { [weak self] in self?.prepare($0, $1) }
  }

  // MARK: Asking

  /// The text if it is there at once; nil before anything was published, and where it has to be rendered first.
  func ready(_ part: Part) -> ByteBuffer? {
    guard case .bytes(let bytes)? = known(part) else { return nil }
    return bytes
  }

  /// Nil before anything was published.
  func text(_ part: Part) async -> ByteBuffer? {
    guard case .bytes(let bytes)? = await content(part) else { return nil }
    return bytes
  }

  /// Nil before anything was published.
  func sections(_ right: PageAccess.Right) async -> PageSections? {
    guard case .sections(let sections)? = await content(.sections(right)) else { return nil }
    return sections
  }

  private func known(_ part: Part) -> Content? {
    guard let generation = board.generation else { return nil }
    return cache.withLock { cache in
      cache.wanted.insert(part)
      return cache.editions[generation]?[part]
    }
  }

  private func content(_ part: Part) async -> Content? {
    if let known = known(part) { return known }
    guard board.generation != nil else { return nil }
    return await withCheckedContinuation { answer in
      queue.async { [self] in
        // Who waited in front may have rendered it.
        if let known = known(part) { return answer.resume(returning: known) }
        answer.resume(returning: board.latest().map { keep(part, of: $0.generation, $0.status) })
      }
    }
  }

  // MARK: Rendering

  /// Renders what is likely to be asked for, and forgets what nobody will.
  private func prepare(_ generation: Int, _ status: PublishedStatus) {
    let wanted = cache.withLock { cache in
      defer { cache.wanted = [] }
      cache.editions = cache.editions.filter { $0.key == generation - 1 }
      return cache.wanted
    }
    for part in wanted { _ = keep(part, of: generation, status) }
  }

  private func keep(_ part: Part, of generation: Int, _ status: PublishedStatus) -> Content {
    let content: Content =
      switch part {
      case .metrics: .bytes(ByteBuffer(string: status.metrics.text))
      case .page(let right): .bytes(page(status.view, right))
      case .sections(let right): .sections(sections(status.view, right))
      }
    cache.withLock { $0.editions[generation, default: [:]][part] = content }
    return content
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

  private func page(_ view: StatusView, _ right: PageAccess.Right) -> ByteBuffer {
    let body = PageFiles.templates.render(context(view, right), withTemplate: "overview") ?? ""
    return framed("mmdicom", body, right)
  }

  private func sections(_ view: StatusView, _ right: PageAccess.Right) -> PageSections {
    let context = context(view, right)
    return PageSections(
      html: PageSections.names.map { ($0, PageFiles.templates.render(context, withTemplate: $0) ?? "") })
  }
}
