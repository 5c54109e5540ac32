"""The checks of sheet 15."""

from exercises.words import say


def exercise_1(answer):
    """TODO: its title."""
    hint = say("TODO: which question helps?")
    answer.expect("tea()", "TODO: the answer", hint)


def exercise_2(answer):
    """TODO: its title."""
    hint = say("TODO: which question helps?")
    answer.expect("tea()", "TODO: the answer", hint)


def exercise_3(answer):
    """TODO: its title."""
    hint = say("TODO: which question helps?")
    answer.expect("tea()", "TODO: the answer", hint)
