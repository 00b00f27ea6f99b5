import Glibc
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers at once what is ready to be sent, before a task is made of the request: figures and page are asked for by the
/// thousand. Everything else goes on to the responder. Closes connections that stay silent.
final class QuickAnswers: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// What is ready for a request from an address; nil where the request has to go on.
  typealias Answer = (HTTPRequest, SocketAddress?) -> (head: HTTPResponse, body: ByteBuffer)?

  private let answer: Answer
  private let patience: TimeAmount
  /// Requests that went on and aren't answered yet: those behind them must wait for their turn.
  private var open = 0
  /// Whether the request that is being read was answered here.
  private var isAnswered = false
  private var isBeingRead = false
  private var hasWritten = false
  private var lastSign = NIODeadline.now()
  private var look: Scheduled<Void>?

  init(patience: TimeAmount, answer: @escaping Answer) {
    (self.patience, self.answer) = (patience, answer)
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastSign = .now()
    switch unwrapInboundIn(data) {
    case .head(let request):
      isBeingRead = true
      guard open == 0, let (head, body) = answer(request, context.remoteAddress) else {
        isAnswered = false
        open += 1
        return context.fireChannelRead(data)
      }
      isAnswered = true
      hasWritten = true
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(body)), promise: nil)
      context.write(wrapOutboundOut(.end(nil)), promise: nil)
    case .body: if !isAnswered { context.fireChannelRead(data) }
    case .end:
      isBeingRead = false
      if !isAnswered { context.fireChannelRead(data) }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if hasWritten {
      hasWritten = false
      context.flush()
    }
    context.fireChannelReadComplete()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) {
      open -= 1
      lastSign = .now()
    }
    context.write(data, promise: promise)
  }

  // MARK: Silence

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { watch(context, for: patience) }
  }

  func channelActive(context: ChannelHandlerContext) {
    watch(context, for: patience)
    context.fireChannelActive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { look?.cancel() }

  private func watch(_ context: ChannelHandlerContext, for time: TimeAmount) {
    lastSign = max(lastSign, look == nil ? .now() : lastSign)
    look?.cancel()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    look = context.eventLoop.scheduleTask(in: time) {
      let (handler, context) = bound.value
      handler.lookAgain(context)
    }
  }

  /// One that is being answered may take its time; who asks, and who sends a request, may not.
  private func lookAgain(_ context: ChannelHandlerContext) {
    let isAtWork = open > 0 && !isBeingRead
    let rest = lastSign + patience - .now()
    if isAtWork {
      watch(context, for: patience)
    } else if rest > .zero {
      watch(context, for: rest)
    } else {
      context.close(promise: nil)
    }
  }
}

extension PageResponder {
  /// What can be answered without waiting: a page or figures that are rendered already, for who may see them.
  func quickAnswer(
    to request: HTTPRequest, from address: SocketAddress?
  ) -> (head: HTTPResponse, body: ByteBuffer)? {
    guard request.method == .get, request.path == "/" || request.path == "/metrics" else { return nil }
    var size = 0
    for field in request.headerFields {
      size += field.name.rawName.utf8.count + field.value.utf8.count
      switch field.name {
      case .contentLength, .transferEncoding: return nil
      case .connection where field.value.lowercased() != "keep-alive": return nil
      default: break
      }
    }
    let claims = PageAccess.Claims(request)
    let now = Int64(time(nil))
    // Who isn't let in is told why elsewhere, and whose token has to wait for its turn waits there.
    guard size <= Self.longestHeaders, access.isAddressed(claims) else { return nil }
    if claims.hasBearer {
      guard attempts.mayTry(from: address?.caller ?? "", at: now), !access.isWrongBearer(claims) else {
        return nil
      }
    }
    let right = access.right(claims, at: now)
    let isPage = request.path == "/"
    guard right >= .figures, let body = pages.ready(isPage ? .page(right) : .metrics) else { return nil }
    var head = HTTPResponse(status: .ok, headerFields: headers(isPage ? Self.htmlType : Self.metricsType))
    head.headerFields[.contentLength] = "\(body.readableBytes)"
    board.answered(head.status.code)
    return (head, body)
  }
}
