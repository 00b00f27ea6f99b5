internal import FoundationEssentials

/// A moment as DICOM's date, time and date-time strings (PS3.5 section 6.2: DA, TM, DT).
struct DateTimeStamp {
  /// `YYYYMMDD`
  let date: String
  /// `HHMMSS`
  let time: String
  /// Both and the offset from UTC.
  let dateTime: String

  init(_ moment: Date, in timeZone: TimeZone) {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: moment)
    func padded(_ number: Int?, _ width: Int) -> String {
      let digits = String(number ?? 0)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    date = padded(parts.year, 4) + padded(parts.month, 2) + padded(parts.day, 2)
    time = padded(parts.hour, 2) + padded(parts.minute, 2) + padded(parts.second, 2)
    let minutes = timeZone.secondsFromGMT(for: moment) / 60
    let offset = (minutes < 0 ? "-" : "+") + padded(abs(minutes) / 60, 2) + padded(abs(minutes) % 60, 2)
    dateTime = date + time + offset
  }
}
