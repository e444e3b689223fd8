"""What the command bar can do.

Commands that somebody may not or cannot use now are not there. Every address checks its own permission all the same.
"""

from accounts.models import Agent
from inbox.commands import conversation as about
from inbox.commands import myself, places, selection
from inbox.commands.command import Command, matching
from inbox.models import Conversation

__all__ = ["Command", "commands_for", "matching"]


def commands_for(
    agent: Agent, conversation: Conversation | None, *, selected: int = 0, in_inbox: bool = True
) -> list[Command]:
    """All of them: those about the selected conversations first, then those about the open one.

    `in_inbox` says whether the page has a list at all.
    """
    return [
        *(selection.commands(agent, selected) if selected else ()),
        *(about.commands(agent, conversation) if conversation else ()),
        *places.commands(agent, in_inbox=in_inbox),
        *myself.commands(agent),
    ]
