"""Draw who was served when: a time line, for chapters 07, 08 and 09."""

import matplotlib.pyplot as plt


def numbered(ids, word="worker"):
    """Call processes by numbers, in the order in which they first appear:
    a dict of each of the `ids` to its name, "worker 1", "worker 2"."""
    distinct = dict.fromkeys(ids)
    return {each: f"{word} {n}" for n, each in enumerate(distinct, 1)}


def time_line(rows, title="", marks=None):
    """Draw a bar for each of the `rows`, (lane, label, asked, begin, end).

    A lane is a line of the picture, the first at the top. The bar is pale
    from `asked` to `begin`, while somebody waits, and full until `end`; its
    colour is that of its `label`. `marks` are moments, {word: second}. All
    are seconds of one clock, such as time.monotonic(), which all processes
    of a machine share; the picture begins with the first of them, at 0.
    """
    marks = marks or {}
    zero = min([*marks.values(), *(row[2] for row in rows)])
    lanes = list(dict.fromkeys(row[0] for row in rows))
    labels = list(dict.fromkeys(row[1] for row in rows))
    height = 0.9 + 0.35 * (len(lanes) + bool(marks))
    axes = plt.subplots(figsize=(7, height), facecolor="#f6f8fa")[1]
    for lane, label, asked, begin, end in rows:
        look = {"y": lanes.index(lane), "color": f"C{labels.index(label)}"}
        pale = axes.barh(
            width=begin - asked, left=asked - zero, alpha=0.25, **look
        )
        full = axes.barh(width=end - begin, left=begin - zero, **look)
        longer = full if begin < end else pale  # nobody has served
        axes.bar_label(longer, [label], label_type="center")
    for word, second in marks.items():
        behind = {"color": "black", "linestyle": "--", "zorder": 0}
        axes.axvline(second - zero, **behind)
        axes.text(second - zero, -0.55, f" {word}", va="bottom")
    axes.set(xlabel="seconds", title=title, facecolor="#f6f8fa")
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.5, -1.2 if marks else -0.5)  # 0 is on top
