"""How far long work is, how fast it goes and how long it may still take, in words. Whoever tells also says what time it is."""

from __future__ import annotations

from collections import deque

# Steps differ: a minute is long enough to even them out, and short enough to follow a change from tables to pages.
WINDOW = 60.0
# Nothing is foretold from less than this, in seconds and in pieces of work.
SOONEST, FEWEST = 2.0, 3


class Pace:
    """One stage of long work, such as the reading of all tables. Times are seconds of any clock that only goes forward.

    Pieces that cost nothing (steps known from before) are done, but tell nothing of the speed of those that cost something.
    """

    def __init__(self, stage: str, unit: str, now: float):
        self.stage, self.unit = stage, unit
        self.done = self.total = 0
        self.piece = ""
        self._begun: float | None = None
        self._started = now
        self._worked = 0
        self._recent: deque[tuple[float, int]] = deque()  # when, how many had been worked on by then

    def tell(self, done: int, total: int, piece: str, free: bool, now: float) -> None:
        """`done` of `total` pieces are settled; `free` says that those settled since the last call took no work."""
        if not free:
            if self._begun is None:
                self._begun = now
                self._recent.append((now, 0))
            self._worked += done - self.done
            self._recent.append((now, self._worked))
            while len(self._recent) > 2 and self._recent[1][0] <= now - WINDOW:
                self._recent.popleft()
        self.done, self.total, self.piece = done, total, piece

    def seconds(self, now: float) -> float:
        return now - self._started

    def rate(self, now: float) -> float | None:
        """Pieces a second in the last minute; over all the time there was where that minute had none; None while it is too soon."""
        if self._begun is None or now - self._begun < SOONEST or self._worked < FEWEST:
            return None
        when, worked = next((r for r in self._recent if r[0] >= now - WINDOW), self._recent[-1])
        if self._worked > worked and now - when >= SOONEST:
            return (self._worked - worked) / (now - when)
        return self._worked / (now - self._begun)

    def left(self, now: float) -> float | None:
        """Seconds that the rest will take at this rate, as far as is known how much there is."""
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate else None

    def sentence(self, now: float) -> str:
        """`Building: 412 of 1,200 steps, 9.1 a second, about 1 min 30 s left`"""
        rate, left = self.rate(now), self.left(now)
        said = [f"{self.stage}: {self.done:,} of {self.total:,} {self.unit}"]
        if rate is not None:
            said.append(f"{_three(rate)} a second" if rate >= 1 else f"{_three(rate * 60)} a minute")
        said.append(f"about {duration(left)} left" if left is not None else f"{duration(self.seconds(now))} so far")
        return ", ".join(said)

    def short(self, now: float) -> str:
        """The same for one line of a terminal, with the time it took so far: `412/1,200  9.1/s  45 s, 1 min 30 s left`."""
        rate, left = self.rate(now), self.left(now)
        said = [f"{self.done:,}/{self.total:,}"]
        if rate is not None:
            said.append(f"{_three(rate)}/s" if rate >= 1 else f"{_three(rate * 60)}/min")
        spent = duration(self.seconds(now))
        said.append(f"{spent}, {duration(left)} left" if left is not None and self.done < self.total else spent)
        return "  ".join(said)


def duration(seconds: float) -> str:
    """`45 s`, `1 min 30 s`, `2 h 5 min`; longer times by fives, which is all a forecast can promise."""
    whole = round(seconds)
    if whole >= 60:
        whole = 5 * round(seconds / 5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 >= 60 else "")


def _three(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"
