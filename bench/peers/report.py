"""What bench/compare.py has measured, as Markdown and as a chart (SVG)."""
import html
import statistics


def median(values):
    return statistics.median(values)


class Pair:
    """besra and one peer on one kind of work; times in milliseconds, a median for each round."""

    def __init__(self, work, peer, ours, theirs, bars):
        self.work, self.peer, self.ours, self.theirs, self.bars = work, peer, ours, theirs, bars

    def ratio(self):
        return median(self.ours) / median(self.theirs)

    def spread(self):
        ratios = [a / b for a, b in zip(self.ours, self.theirs)]
        return min(ratios), max(ratios)

    def bar(self, machine):
        return (self.bars or {}).get(machine)


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def times(values):
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"


def bar_text(pair, machine):
    bar = pair.bar(machine)
    if bar is None:
        return "–"
    return f"≤ {bar:.2f}, {'met' if pair.ratio() <= bar else 'missed'}"


def table(pairs, machine):
    lines = ["| work | besra, ms | peer | its ms | besra / peer | least to most | asked for |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    for pair in pairs:
        low, high = pair.spread()
        lines.append(f"| {pair.work} | {times(pair.ours)} | {pair.peer} | {times(pair.theirs)} | "
                     f"**{pair.ratio():.2f}** | {low:.2f} to {high:.2f} | {bar_text(pair, machine)} |")
    return "\n".join(lines)


def facts_table(facts):
    lines = ["| what | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in facts]
    return "\n".join(lines)


def markdown(result):
    """`result`: see compare.py, main()."""
    machine = result["machine"]
    other = "AVX2" if machine == "avx512" else "AVX-512"
    parts = ["# besra beside other engines", "",
             "Written by `bench/compare.py`, which measures all of it in one run: besra and each peer in turn, with the "
             "same number of threads, on the same pictures. Each number is the median of the rounds, in brackets the "
             "fastest and the slowest round; a round's number is the median of its runs. Below 1, besra is faster. "
             f"Machines of the class {other} were not measured here.", "",
             "![ratios](performance.svg)", "", table(result["pairs"], machine), "", "## What was found", ""]
    parts += [f"- {line}" for line in result["checks"]] or ["- nothing was compared"]
    if result["memory"]:
        parts += ["", "## Memory", "", facts_table(result["memory"])]
    if result["fractions"]:
        parts += ["", "## What part of the processor is used", "",
                  "Multiplications as the graph has them, beside those that the processor can do at best. Winograd's way "
                  "needs fewer, so that the part may be above 1.", "", facts_table(result["fractions"])]
    parts += ["", "## The machine", "", facts_table(result["facts"])]
    if result["skipped"]:
        parts += ["", "## Not measured", ""] + [f"- {line}" for line in result["skipped"]]
    return "\n".join(parts) + "\n"


# ---- the chart ---------------------------------------------------------------------------------------------

ROW, LEFT, WIDTH, TOP, RIGHT = 34, 430, 420, 46, 60


def svg(pairs, machine, title):
    most = max([1.1] + [pair.spread()[1] * 1.05 for pair in pairs])
    height = TOP + ROW * len(pairs) + 40
    scale = WIDTH / most
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
           'font-family="sans-serif" font-size="13">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="16" y="26" font-size="16" fill="#222">{html.escape(title)}</text>']
    step = 0.25 if most < 3 else 1
    for n in range(int(most / step) + 1):
        x = LEFT + n * step * scale
        strong = abs(n * step - 1) < 1e-9
        out.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 30}" '
                   f'stroke="{"#666" if strong else "#ddd"}"/>')
        out.append(f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" fill="#555">{n * step:g}</text>')
    for i, pair in enumerate(pairs):
        out += bar(pair, machine, TOP + i * ROW, scale)
    out.append("</svg>")
    return "\n".join(out) + "\n"


def bar(pair, machine, y, scale):
    low, high = pair.spread()
    middle = y + ROW / 2
    asked = pair.bar(machine)
    colour = "#2b7a4b" if asked is None or pair.ratio() <= asked else "#c9772c"
    out = [f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end" fill="#222">{html.escape(pair.work)}</text>',
           f'<text x="{LEFT - 10}" y="{y + 28}" text-anchor="end" font-size="11" fill="#777">'
           f'beside {html.escape(pair.peer)}</text>',
           f'<rect x="{LEFT}" y="{y + 8}" width="{pair.ratio() * scale:.1f}" height="{ROW - 16}" fill="{colour}"/>',
           f'<line x1="{LEFT + low * scale:.1f}" y1="{middle}" x2="{LEFT + high * scale:.1f}" y2="{middle}" '
           'stroke="#111" stroke-width="2"/>',
           f'<text x="{LEFT + WIDTH + 12}" y="{middle + 5}" fill="#222" font-weight="bold">{pair.ratio():.2f}</text>']
    if asked is not None:
        x = LEFT + asked * scale
        out.append(f'<line x1="{x:.1f}" y1="{y + 3}" x2="{x:.1f}" y2="{y + ROW - 3}" stroke="#b00" '
                   'stroke-width="2" stroke-dasharray="3 2"/>')
    return out
