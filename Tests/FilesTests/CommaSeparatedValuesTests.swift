import Archive
import Files
import Testing

/// Text of RFC 4180, as written.
@Suite struct CommaSeparatedValuesTests {
  @Test func whatNeedsQuotesGetsThem() {
    let fields = ["plain", "a,b", "say \"so\"", "two\nlines", "two\r\nlines", "old\rlines", "", "\u{E4}"]
    #expect(
      CommaSeparatedValues.text([fields, ["next"]])
        == "plain,\"a,b\",\"say \"\"so\"\"\",\"two\nlines\",\"two\r\nlines\",\"old\rlines\",,\u{E4}\r\nnext\r\n"
    )
  }

  @Test func blanksAtAnEndComeBack() {
    let fields = [" a", "a ", "\ta", "a\t", "a\tb", " ", "\t"]
    #expect(CommaSeparatedValues(CommaSeparatedValues.text([fields])).records.map(\.fields) == [fields])
  }
}
