"""notebooks/drawing.py: does a time line show what was measured?"""

import pytest

ROWS = [
    ("visitor 1", "worker 1", 100, 101, 103),
    ("visitor 2", "worker 2", 102, 103, 107),
]


@pytest.fixture(scope="module")
def drawing():
    """The module. With it comes matplotlib, which takes a second: not in each
    process that reads all the tests."""
    from notebooks import drawing

    return drawing


@pytest.fixture
def axes(drawing):
    """Draws, without a window, and returns the axes of what was drawn."""
    plt = drawing.plt
    plt.switch_backend("agg")

    def draw(*arguments, **options):
        drawing.time_line(*arguments, **options)
        return plt.gca()

    yield draw
    plt.close("all")


def test_processes_are_numbered_as_they_appear(drawing):
    assert drawing.numbered([30, 10, 30, 20]) == {
        30: "worker 1",
        10: "worker 2",
        20: "worker 3",
    }
    assert drawing.numbered("ba", "thread") == {"b": "thread 1", "a": "thread 2"}


def test_a_bar_is_pale_while_somebody_waits_and_then_full(axes):
    bars = [(b.get_x(), b.get_width(), b.get_alpha()) for b in axes(ROWS).patches]
    assert bars == [(0, 1, 0.25), (1, 2, None), (2, 1, 0.25), (3, 4, None)]


def test_a_lane_has_its_place_and_a_label_its_colour(axes):
    again = ("visitor 1", "worker 2", 107, 107, 108)
    drawn = axes([*ROWS, again])
    one, two, three = drawn.patches[1::2]
    assert one.get_y() == three.get_y() < two.get_y()
    assert one.get_facecolor() != two.get_facecolor() == three.get_facecolor()
    assert [text.get_text() for text in drawn.get_yticklabels()] == [
        "visitor 1",
        "visitor 2",
    ]
    assert [text.get_text() for text in drawn.texts] == [
        "worker 1",
        "worker 2",
        "worker 2",
    ]


def test_a_mark_stands_at_its_second(axes):
    drawn = axes(ROWS, marks={"TERM": 99})
    assert drawn.patches[0].get_x() == 1  # the picture begins at the mark
    assert list(drawn.lines[0].get_xdata()) == [0, 0]
    assert drawn.texts[-1].get_text() == " TERM"


def test_a_label_is_in_the_frame_where_nobody_has_served(axes):
    drawn = axes([("visitor 1", "cut off", 0, 4, 4)])
    drawn.figure.canvas.draw()
    frame, label = drawn.get_window_extent(), drawn.texts[0].get_window_extent()
    assert frame.x0 < label.x0 and label.x1 < frame.x1


def test_a_mark_crosses_no_label(axes):
    drawn = axes(ROWS, marks={"TERM": 102})
    assert drawn.lines[0].zorder < min(bar.zorder for bar in drawn.patches)
