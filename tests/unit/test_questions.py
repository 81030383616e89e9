"""The day's questions: each has words and a form in which it can worry, and a device's own are asked instead."""

import json

import pytest

from ward import questions
from ward.checkins import QUESTIONS, TOPICS, Worry
from ward.events import Answer
from ward.questions import BANK, Form


def test_every_question_that_may_worry_has_words() -> None:
    """The bank has each question of the table, in two languages, and no other."""
    assert set(BANK) == set(TOPICS)
    assert all(each.sv.endswith("?") and each.en.endswith("?") for each in BANK.values())


@pytest.mark.parametrize("worry", sorted({each for table in QUESTIONS.values() for each in table}, key=str), ids=str)
def test_worrying_answer_can_be_given(worry: Worry) -> None:
    """In the form of its question, some answer is the one that worries."""
    asked = BANK[worry.question]
    answers: dict[Form, list[str | float | bool]] = {
        Form.YES_NO: [True, False],
        Form.NUMBER: [asked.least, asked.most],
        Form.CHOICE: list(asked.choices),
    }

    assert any(worry.matches(Answer(question=worry.question, answer=each)) for each in answers[asked.form])


def test_programme_adds_its_own_questions() -> None:
    """Heart failure is asked of swelling, a programme without questions of its own what everybody is."""
    assert [each.question for each in questions.today("hospital_at_home", [])] == list(questions.EVERY_DAY)
    assert {"swollen", "lying_flat"} <= {each.question for each in questions.today("heart_failure", ["{}"])}


def test_device_brings_its_own_and_what_cannot_be_read_is_left_out() -> None:
    """The questions of a config come instead, in its order; a faulty one is left out, a faulty config ignored."""
    config = {
        "questions": [
            {"id": "breath", "answer": "choice", "choices": ["better", "worse"], "text": {"sv": "Andning?", "en": "?"}},
            {"id": "x", "answer": "song", "text": {"sv": "?"}},
            {"id": "pain", "answer": "number", "least": 1, "most": True, "text": {"en": "Pain?"}},
            7,
        ]
    }
    found = questions.today("copd", ["not json", json.dumps(config)])

    assert [each.question for each in found] == ["breath", "pain"]
    assert (found[0].choices, found[0].sv) == (("better", "worse"), "Andning?")
    assert (found[1].least, found[1].most, found[1].sv) == (1, 10, "Pain?")
    assert questions.today("copd", ['{"questions": 3}', "[]"]) == questions.today("copd", [])
