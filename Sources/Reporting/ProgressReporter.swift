import Foundation

/// What a progress line shows at one instant.
public struct ProgressState: Sendable, Hashable {
  /// What is going on, such as `generation 3 of 12, proxy`.
  public var activity: String
  /// Units done and to do in this activity; a total of 0 means unknown.
  public var done: Int
  public var total: Int
  /// What a unit is, such as `trainings`.
  public var unit: String
  public var funnel: Funnel
  /// The best so far in a few words; nil before there is one.
  public var best: String?
  /// Something else worth a look, such as the loss; nil for nothing.
  public var note: String?
  /// Whether the time that is left is told, at the speed so far.
  public var showsTimeLeft: Bool

  public init(
    activity: String, done: Int, total: Int, unit: String, funnel: Funnel = Funnel([]), best: String? = nil,
    note: String? = nil, showsTimeLeft: Bool = false
  ) {
    self.activity = activity
    self.done = done
    self.total = total
    self.unit = unit
    self.funnel = funnel
    self.best = best
    self.note = note
    self.showsTimeLeft = showsTimeLeft
  }
}

/// Shows progress: one redrawn line on a terminal, now and then a plain line otherwise, nothing when silent.
public final class ProgressReporter {
  public enum Style: Sendable {
    /// One line, redrawn at most ten times a second, cut to the given width in columns.
    case terminal(width: Int)
    /// A line for every new activity and at most one every ten seconds within it.
    case lines
    case silent
  }

  private let style: Style
  private let write: (String) -> Void
  private let now: () -> TimeInterval
  private var activity = ""
  private var activityStart: TimeInterval = 0
  private var doneAtStart = 0
  private var lastShown: TimeInterval = -.infinity
  private var lineIsOpen = false

  /// `write` receives the text as it is to be put on the screen; `now` is a clock in seconds.
  public init(
    style: Style, write: @escaping (String) -> Void,
    now: @escaping () -> TimeInterval = { ProcessInfo.processInfo.systemUptime }
  ) {
    self.style = style
    self.write = write
    self.now = now
  }

  /// On the standard error stream: a bar when that is a terminal, plain lines otherwise.
  public static func standardError(silent: Bool = false) -> ProgressReporter {
    let write: (String) -> Void = { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) }
    if silent { return ProgressReporter(style: .silent, write: write) }
    return ProgressReporter(style: terminalWidth().map(Style.terminal(width:)) ?? .lines, write: write)
  }

  /// Shows the state if it is time to.
  public func update(_ state: ProgressState) {
    let time = now()
    let isNew = state.activity != activity
    if isNew {
      activity = state.activity
      activityStart = time
      doneAtStart = state.done
    }
    switch style {
    case .silent: break
    case .terminal(let width):
      guard isNew || time - lastShown >= 0.1 || state.done == state.total else { return }
      lastShown = time
      write("\r\u{1b}[K" + String(text(of: state, at: time, bar: true).prefix(max(1, width - 1))))
      lineIsOpen = true
    case .lines:
      guard isNew || time - lastShown >= 10 || (state.total > 0 && state.done == state.total) else { return }
      lastShown = time
      write(text(of: state, at: time, bar: false) + "\n")
    }
  }

  /// Prints a whole line above the progress line; nothing when silent.
  public func message(_ text: String) {
    if case .silent = style { return }
    closeLine()
    write(text + "\n")
  }

  /// Leaves the last state on the screen and goes to the next line.
  public func finish() {
    if lineIsOpen { write("\n") }
    lineIsOpen = false
  }

  private func closeLine() {
    if lineIsOpen { write("\r\u{1b}[K") }
    lineIsOpen = false
    lastShown = -.infinity
  }

  private func text(of state: ProgressState, at time: TimeInterval, bar: Bool) -> String {
    var parts: [String] = []
    if bar, state.total > 0 { parts.append(Self.bar(done: state.done, total: state.total)) }
    parts.append(state.activity)
    let count = state.total > 0 ? "\(state.done.grouped)/\(state.total.grouped)" : state.done.grouped
    parts.append("\(count) \(state.unit)" + rate(of: state, at: time))
    if let left = timeLeft(of: state, at: time) { parts.append(left) }
    if let note = state.note { parts.append(note) }
    if let best = state.best { parts.append("best \(best)") }
    if !state.funnel.levels.isEmpty { parts.append(bar ? state.funnel.counts : state.funnel.line) }
    return parts.joined(separator: " · ")
  }

  /// Units a second since the activity began; by the minute when slow.
  private func rate(of state: ProgressState, at time: TimeInterval) -> String {
    let seconds = time - activityStart
    let units = Double(state.done - doneAtStart)
    guard seconds >= 1, units > 0 else { return "" }
    let rate = units / seconds
    return rate >= 1 ? String(format: " (%.0f/s)", rate) : String(format: " (%.1f/min)", rate * 60)
  }

  /// The rest at the speed since the activity began; nil before that can be told.
  private func timeLeft(of state: ProgressState, at time: TimeInterval) -> String? {
    let seconds = time - activityStart
    let units = Double(state.done - doneAtStart)
    guard state.showsTimeLeft, seconds >= 1, units > 0, state.total > state.done else { return nil }
    let left = Int((Double(state.total - state.done) * seconds / units).rounded(.up))
    if left < 60 { return "\(left) s left" }
    if left < 3600 { return "\(left / 60) min \(left % 60) s left" }
    return "\(left / 3600) h \(left % 3600 / 60) min left"
  }

  private static func bar(done: Int, total: Int) -> String {
    let filled = min(10, max(0, done * 10 / total))
    return "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: 10 - filled) + "]"
  }

  /// Columns of the terminal behind standard error; nil when it is none.
  private static func terminalWidth() -> Int? {
    guard isatty(STDERR_FILENO) == 1, ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
    return Int(size.ws_col)
  }
}
