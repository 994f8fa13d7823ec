import io

from app.cli.progress import Counter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_for_each_kind() -> None:
    shown = Terminal()
    counter = Counter(shown)
    for done in range(1, 1001):
        counter("values", done, 1000)
    counter("old data keys", 1, 1)
    counter.close()
    lines = [line.rpartition("\x1b[2K")[2] for line in shown.getvalue().split("\n")]
    assert lines == ["values: 1,000 of 1,000", "old data keys: 1 of 1", ""]


def test_elsewhere_there_are_plain_lines_now_and_then() -> None:
    shown = io.StringIO()
    counter = Counter(shown)
    for done in range(1, 1001):
        counter("values", done, 1000)
    counter.close()
    lines = shown.getvalue().splitlines()
    assert lines[0] == "values: 1 of 1,000"
    assert lines[-1] == "values: 1,000 of 1,000"
    assert len(lines) < 10
    assert "\x1b" not in shown.getvalue()


def test_nothing_to_do_says_nothing() -> None:
    shown = Terminal()
    Counter(shown).close()
    assert shown.getvalue() == ""
