"""How long each kind of speech may last, and in what order people are called: what the organisers decide."""

from typing import Annotated, Literal

from pydantic import Field

from server.live.protocol import Wire

Kind = Literal["speech", "debate", "question", "answer"]
"""phát biểu, tranh luận, chất vấn, trả lời."""
Minutes = Annotated[int, Field(ge=0, le=600)]
"""0: no limit."""


class Rules(Wire):
    speech_minutes: Minutes = 0
    again_minutes: Minutes = 0
    """From the second speech of the same person on."""
    debate_minutes: Minutes = 0
    question_minutes: Minutes = 0
    answer_minutes: Minutes = 0
    closes: bool = False
    """At the end of its time the microphone closes by itself."""
    debate_first: bool = False
    """Who answers a speech comes before new speeches."""
    newcomers_first: bool = False
    """Who has not spoken yet comes before who has."""
    by_branch: bool = False
    """Branches of the tree take turns."""
    point_minutes: Minutes = 0
    """What each point may speak in all. 0: not counted against anything."""
    branch_minutes: Minutes = 0
    person_minutes: Minutes = 0

    def limit(self, kind: str, turns_before: int) -> int | None:
        """Seconds; None: as long as it takes."""
        minutes = {
            "speech": self.again_minutes or self.speech_minutes if turns_before else self.speech_minutes,
            "debate": self.debate_minutes,
            "question": self.question_minutes,
            "answer": self.answer_minutes,
        }[kind]
        return minutes * 60 or None


ASSEMBLY = Rules(
    speech_minutes=7,
    again_minutes=3,
    debate_minutes=3,
    question_minutes=1,
    answer_minutes=3,
    debate_first=True,
    newcomers_first=True,
)
"""As the rules of order of the National Assembly have it (resolution 71/2022/QH15)."""
DEFAULTS = {"ky-hop": ASSEMBLY}


def default_rules(meeting_kind: str) -> Rules:
    """A People's Council works by the assembly's rules of order; a conference has none until somebody sets some."""
    return DEFAULTS.get(meeting_kind, Rules())
