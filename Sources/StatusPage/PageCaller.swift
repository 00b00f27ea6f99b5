import NIOCore

/// Who asks, and the thread that answers.
struct PageCaller: Sendable {
  /// Whom wrong tokens are counted for.
  let address: String
  private let loop: any EventLoop

  init(_ channel: any Channel) {
    address = channel.remoteAddress?.caller ?? ""
    loop = channel.eventLoop
  }

  /// Waits, by the clock of the thread that answers: a task that sleeps is woken in the pool in which the work is done, and
  /// that may be busy for longer than anybody has patience. Less where the task is cancelled.
  func pause(_ time: Duration) async {
    let timer = loop.scheduleTask(in: TimeAmount(time)) {}
    await withTaskCancellationHandler {
      _ = try? await timer.futureResult.get()
    } onCancel: {
      timer.cancel()
    }
  }
}
