"""What people build instead: LangChain's `EnsembleRetriever` over its Chroma and BM25 retrievers, as its documentation has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_chroma import Chroma
from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_core.embeddings import Embeddings
from synthetic import Question

from chatrec.constraints import metadata, where
from chatrec.index.document import dense_text
from chatrec.index.open import Index
from chatrec.types import Constraint

K = 100
BATCH = 5000


class Known(Embeddings):
    """Vectors that are there already."""

    def __init__(self, vectors: dict[str, Any]) -> None:
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text."""
        return [self._vectors[text].tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self._vectors[text].tolist()


def langchain(
    index: Index, questions: Sequence[Question], filters: Sequence[tuple[Constraint, ...]], folder: Path
) -> dict[str, Any]:
    """Seconds to build, milliseconds with and without a filter, what is found, and what breaks the filter.

    Args:
        index: whose items and vectors are taken.
        questions: asked without a filter, then with one.
        filters: taken in turn; LangChain's BM25 knows none.
        folder: where Chroma keeps its store.
    """
    items = list(index.catalog.values())
    texts = [dense_text(item) for item in items]
    known = Known(dict(zip(texts, index.vectors, strict=True)) | {question.text: question.vector for question in questions})
    start = time.perf_counter()
    store = Chroma("items", embedding_function=known, persist_directory=str(folder))
    for first in range(0, len(items), BATCH):
        some = slice(first, first + BATCH)
        store.add_texts(texts[some], [metadata(item) for item in items[some]], ids=list(index.ids[some]))
    words = BM25Retriever.from_texts(texts, metadatas=[{"id": item_id} for item_id in index.ids], k=K)
    build_s = time.perf_counter() - start

    def ask(question: Question, required: tuple[Constraint, ...] = ()) -> tuple[list[str], float]:
        options: dict[str, Any] = {"k": K} | ({"filter": where(required)} if required else {})
        both = EnsembleRetriever(retrievers=[words, store.as_retriever(search_kwargs=options)], weights=[0.5, 0.5])
        start = time.perf_counter()
        found = both.invoke(question.text)
        spent = (time.perf_counter() - start) * 1000
        return [str(document.metadata["id"]) for document in found], spent

    ask(questions[0])
    plain = [ask(question) for question in questions]
    narrow = [ask(question, filters[n % len(filters)]) for n, question in enumerate(questions)]
    recalls, broken = [], []
    for n, (question, (found, _)) in enumerate(zip(questions, narrow, strict=True)):
        dense = store.similarity_search_by_vector(question.vector.tolist(), k=K)
        best = np.argpartition(-(index.vectors @ question.vector), K)[:K]
        recalls.append(len({str(document.metadata["id"]) for document in dense} & {index.ids[row] for row in best}) / K)
        allowed = index.columns.satisfying(filters[n % len(filters)])
        broken.append(np.mean([not allowed[index.rows[item_id]] for item_id in found[:10]]))
    wanted = [index.ids[question.row] for question in questions]
    return {
        "questions": len(questions),
        "build_s": round(build_s, 1),
        "ms": _percentiles([spent for _, spent in plain]),
        "filtered_ms": _percentiles([spent for _, spent in narrow]),
        "recall": round(float(np.mean(recalls)), 4),
        "answers": {
            f"at_{at}": round(float(np.mean([want in found[:at] for want, (found, _) in zip(wanted, plain, strict=True)])), 3)
            for at in (10, 100)
        },
        "against_the_filter": round(float(np.mean(broken)), 3),
    }


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(values, 50)), 2), "p95": round(float(np.percentile(values, 95)), 2)}
