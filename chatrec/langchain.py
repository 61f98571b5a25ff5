"""chatrec for LangChain users: items as documents, chats as a runnable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict

from chatrec.index.document import dense_text
from chatrec.recommender import Chat, Recommender
from chatrec.retrieve.query import compose
from chatrec.types import Event, Reply
from chatrec.understand.ledger import replay

Said = str | Mapping[str, str]
"""A message, or `{"message": …, "session_id": …}`."""


class ItemRetriever(BaseRetriever):
    """Understands a question, retrieves and scores; constraints hold here too."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    recommender: Recommender
    k: int = 20

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        engine = self.recommender.engine
        ledger = replay(engine.understander.read(query, replay(()), turn=0).changes)
        asked = compose(engine.index, ledger, query)
        scored = engine.scorer(asked, engine.fusion(asked))[: self.k]
        return [
            Document(id=c.item.id, page_content=dense_text(c.item), metadata={**c.item.to_dict(), "score": c.score})
            for c in scored
        ]


class ChatRunnable(Runnable[Said, Any]):
    """A chat as a runnable: `invoke` gives the `Reply`, `stream` the events of the turn."""

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender

    def invoke(self, input: Said, config: RunnableConfig | None = None, **kwargs: Any) -> Reply:
        """Take a turn and return its reply."""
        return self._call_with_config(lambda said: self._chat(said).send(_message(said)), input, config)

    def stream(self, input: Said, config: RunnableConfig | None = None, **kwargs: Any | None) -> Iterator[Event]:
        """Take a turn and yield its events."""
        return self._chat(input).stream(_message(input))

    def _chat(self, said: Said) -> Chat:
        return self._recommender.session(None if isinstance(said, str) else said.get("session_id"))


def _message(said: Said) -> str:
    return said if isinstance(said, str) else said["message"]
