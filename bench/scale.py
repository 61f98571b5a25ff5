"""`make bench-scale`: build time, disk, memory, latency and recall at 10k, 100k and 1M items. Writes bench/scale.json.

The catalogs are those of `synthetic.py`; their vectors are given, all else goes through the product's own code. What is timed
is the whole of retrieval as a turn runs it, dense, BM25 and popularity, fused, but for the embedding of the question. Beside it
in the same process, question by question and in turn: Chroma's bare query, bm25s, NumPy's scan over all vectors, and, where it
can be borne, LangChain's ensemble of Chroma and BM25 (`peers.py`).

Each step is a process of its own, so that memory is that step's. Timings are of one run on one machine: compare ratios; where
other programs run beside it, processor time (of all threads) says what is ours. `make bench-scale SIZES=10000,100000` takes
sizes, `FOLDER=…` keeps catalogs and indexes there and uses those that are there: 1M items take an hour or more to build.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from synthetic import Question, Synthetic

from chatrec.catalog.read import Catalog, read_catalog, write_catalog
from chatrec.constraints import where
from chatrec.index.build import build_index
from chatrec.index.document import dense_text, tokenize
from chatrec.index.embed import Embedder
from chatrec.index.generation import size_of
from chatrec.index.items import open_catalog
from chatrec.index.open import Index, open_index
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import load_fusion
from chatrec.retrieve.retrievers import DenseRetriever
from chatrec.types import Constraint, Ledger, Opinion, Query

HERE = Path(__file__).parent
SIZES = (10_000, 100_000, 1_000_000)
SELECTIVITIES = (0.001, 0.01, 0.1, 0.5)
P95_MS = {100_000: 30, 1_000_000: 120}
RSS_GB = {1_000_000: 6}
PEERS_UPTO = 100_000
"""Items beyond which LangChain is not asked, and Chroma's own filter only twice: both take seconds."""
K = 100
GB = 1e9


class Given:
    """What an index takes for its embedder; the vectors of the items' texts are there already."""

    name, sha256 = "given", "5" * 64

    def __init__(self, texts: Iterable[str] = (), vectors: NDArray[np.float32] | None = None) -> None:
        self._rows = {hash(text): row for row, text in enumerate(texts)}
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, 384]."""
        assert self._vectors is not None
        return self._vectors[[self._rows[hash(text)] for text in texts]]


def main() -> None:
    """Take every step for every size, or, in a process of its own, the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="items, separated by commas")
    parser.add_argument("--questions", type=int, default=200, help="asked without a filter, and again at each selectivity")
    parser.add_argument("--embed", type=int, default=512, metavar="N", help="time the embedding of N texts; 0: do not")
    parser.add_argument("--folder", type=Path, help="keep catalogs and indexes here, and use those that are there")
    parser.add_argument("--out", type=Path, default=HERE / "scale.json")
    parser.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",") if size]
    if options.step:
        print(json.dumps(STEPS[options.step](options.folder, options.questions)))
        return
    results: dict[str, Any] = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "omp": os.environ.get("OMP_NUM_THREADS", "")},
        "sizes": {},
    }
    with tempfile.TemporaryDirectory(prefix="chatrec-scale-") as temporary:
        folder = options.folder or Path(temporary)
        if options.embed:
            results["embedding"] = step("embed", folder, options.embed)
        for size in sizes:
            home = folder / str(size)
            home.mkdir(parents=True, exist_ok=True)
            steps = ["build", "serve"] + ["peers"] * (size <= PEERS_UPTO)
            found = results["sizes"][size] = {}
            for name in steps:
                found[name] = step(name, home, options.questions)
                options.out.write_text(json.dumps(results, indent=1) + "\n")
            report(results)


def step(name: str, folder: Path, n: int) -> dict[str, Any]:
    """What a step found, taken in a process of its own."""
    print(f"{folder.name}: {name} …", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), "--questions", str(n)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def build(folder: Path, _: int) -> dict[str, Any]:
    """Draw the catalog, write it, read it as the product does, and build its index; kept figures if it is there."""
    kept = folder / "build.json"
    if kept.is_file():
        return json.loads(kept.read_text())
    vectors = _draw(folder)
    start = time.perf_counter()
    catalog = read_catalog(folder / "catalog.jsonl")
    read_s = time.perf_counter() - start
    embedder = Given((dense_text(item) for item in catalog.values()), vectors)
    start = time.perf_counter()
    generation = build_index(catalog, embedder, folder / "index")  # type: ignore[arg-type]
    found = {
        "read_s": round(read_s, 1),
        "build_s": round(time.perf_counter() - start, 1),
        "disk_gb": round(size_of(generation) / GB, 3),
        "catalog_gb": round((folder / "catalog.jsonl").stat().st_size / GB, 3),
        "peak_rss_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GB, 2),
        "generation": str(generation.relative_to(folder)),
    }
    kept.write_text(json.dumps(found))
    return found


def _draw(folder: Path) -> NDArray[np.float32]:
    """Write `catalog.jsonl`; the vectors of its items."""
    synthetic = Synthetic(int(folder.name))
    vectors = np.lib.format.open_memmap(folder / "given.npy", mode="w+", dtype=np.float32, shape=(synthetic.size, 384))

    def items() -> Any:
        for row, (item, vector) in enumerate(synthetic.items()):
            vectors[row] = vector
            yield item

    write_catalog(items(), folder / "catalog.jsonl")
    return vectors


def opened(folder: Path) -> tuple[Catalog, Index, dict[str, Any]]:
    """The catalog and its index, and what opening them takes: seconds, and GB in memory after each step."""
    process, figures = psutil.Process(), {}

    def note(name: str, since: float) -> None:
        figures[f"{name}_s"] = round(time.perf_counter() - since, 2)
        figures[f"{name}_rss_gb"] = round(process.memory_info().rss / GB, 2)

    note("start", time.perf_counter())
    start = time.perf_counter()
    catalog = open_catalog(folder / "catalog.jsonl", Given(), folder / "index")  # type: ignore[arg-type]
    note("catalog", start)
    start = time.perf_counter()
    generation = folder / json.loads((folder / "build.json").read_text())["generation"]
    index = open_index(generation, catalog, Given())  # type: ignore[arg-type]
    note("index", start)
    return catalog, index, figures


def serve(folder: Path, n: int) -> dict[str, Any]:
    """Open the index and ask, without a filter and with filters that leave a given share of the items."""
    catalog, index, figures = opened(folder)
    questions = drawn(catalog, index, n)
    fusion = load_fusion(index)
    start = time.perf_counter()
    fusion(query_of(questions[-1]))
    figures["first_question_ms"] = round((time.perf_counter() - start) * 1000, 1)
    for question in questions[-5:]:
        fusion(query_of(question))
        bare_chroma(index, question)
        bare_bm25(index, question)
    result = figures | {"unfiltered": unfiltered(index, fusion, questions)} | liked(index, fusion, questions)
    result["filtered"] = {share: filtered(index, fusion, questions, choose_filters(index, share)) for share in SELECTIVITIES}
    memory = psutil.Process().memory_info()
    result["rss_gb"] = round(memory.rss / GB, 2)
    result["rss_own_gb"] = round((memory.rss - memory.shared) / GB, 2)
    result["peak_rss_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GB, 2)
    return result


def drawn(catalog: Catalog, index: Index, n: int) -> list[Question]:
    """n questions about the items."""
    popularity = index.columns.numbers("popularity")
    return Synthetic(len(catalog)).questions(popularity, lambda row: catalog[index.ids[row]], n)


def query_of(question: Question, ledger: Ledger | None = None) -> Query:
    """A question as a turn asks it."""
    return Query(ledger=ledger or Ledger(), text=question.text, last_message=question.text, vector=question.vector)


def unfiltered(index: Index, fusion: Fusion, questions: Sequence[Question]) -> dict[str, Any]:
    """Latency of ours and of its parts, asked in turn; recall of the graph; how often the item in mind is found."""
    asked: dict[str, Callable[[Question], Any]] = {
        "ours": lambda question: fusion(query_of(question)),
        "looked_at": lambda question: tuple(fusion(query_of(question))),
        "chroma": lambda question: bare_chroma(index, question),
        "bm25s": lambda question: bare_bm25(index, question),
        "numpy": lambda question: exact(index, question.vector),
    }
    names = list(asked)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    found: list[Sequence[str]] = []
    dense = DenseRetriever(index)
    recalls = []
    order = np.random.default_rng(5)  # who is asked second finds the way through the graph in the cache
    for question in questions:
        for name in order.permutation(names).tolist():
            got, took = timed(partial(asked[name], question))
            spent[name].append(took)
            if name == "ours":
                found.append(got.ids)
        wanted = exact(index, question.vector)
        recalls.append(recall(dense.retrieve(query_of(question), (), K).rows.tolist(), wanted))
    ms, cpu_ms = ({name: [each[n] for each in values] for name, values in spent.items()} for n in (0, 1))
    return {
        "ms": {name: percentiles(values) for name, values in ms.items()},
        "cpu_ms": {name: percentiles(values) for name, values in cpu_ms.items()},
        "overhead": overhead(ms),
        "overhead_cpu": overhead(cpu_ms),
        "recall": round(float(np.mean(recalls)), 4),
        "recall_least": round(float(np.min(recalls)), 4),
        "answers": answers(index, questions, found),
    }


def timed(act: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """What it gives, and the milliseconds it takes, by the clock and of processors."""
    start, cpu = time.perf_counter(), time.process_time()
    got = act()
    return got, ((time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000)


def overhead(spent: Mapping[str, Sequence[float]]) -> float:
    """Median over the questions of how much more ours takes than its two large parts alone."""
    shares = [ours / (a + b) for ours, a, b in zip(spent["ours"], spent["chroma"], spent["bm25s"], strict=True)]
    return round(float(np.median(shares)) - 1, 3)


def liked(index: Index, fusion: Fusion, questions: Sequence[Question]) -> dict[str, dict[str, float]]:
    """Milliseconds where three items are liked too: in the turn that they are, when neighbours are asked for, and in the next."""
    rng, spent = np.random.default_rng(3), {"liked": [], "liked_before": []}
    for question in questions[:100]:
        opinions = tuple(Opinion(item_id=index.ids[row], sentiment="liked") for row in rng.integers(0, len(index.ids), 3))
        ledger = Ledger(opinions=opinions)
        for name, asked in (("liked", question), ("liked_before", questions[-1])):
            start = time.perf_counter()
            fusion(query_of(asked, ledger))
            spent[name].append((time.perf_counter() - start) * 1000)
    return {name: percentiles(values) for name, values in spent.items()}


def filtered(
    index: Index, fusion: Fusion, questions: Sequence[Question], filters: Sequence[tuple[Constraint, ...]]
) -> dict[str, Any]:
    """The same with filters; Chroma's own filter, asked for a few, beside it."""
    dense = DenseRetriever(index)
    ours, chroma, recalls, theirs = [], [], [], []
    for number, question in enumerate(questions):
        required = filters[number % len(filters)]
        found, took = timed(partial(fusion, query_of(question), required))
        ours.append(took)
        allowed = index.columns.satisfying(required)
        assert all(allowed[index.rows[item_id]] for item_id in found.ids)
        wanted = exact(index, question.vector, np.flatnonzero(allowed))
        recalls.append(recall(dense.retrieve(query_of(question), required, K).rows.tolist(), wanted))
        if number < (2 * len(filters) if len(index.ids) <= PEERS_UPTO else 2):
            start = time.perf_counter()
            got = index.collection.query(query_embeddings=[question.vector.tolist()], n_results=K, where=where(required))  # type: ignore[arg-type]
            chroma.append((time.perf_counter() - start) * 1000)
            theirs.append(recall([index.rows[item_id] for item_id in got["ids"][0]], wanted))
    shares = [float(index.columns.satisfying(required).mean()) for required in filters]
    return {
        "shares": [round(min(shares), 5), round(max(shares), 5)],
        "filters": [" and ".join(f"{c.field} {c.op} {c.value}" for c in required) for required in filters],
        "ms": percentiles([ms for ms, _ in ours]),
        "cpu_ms": percentiles([cpu_ms for _, cpu_ms in ours]),
        "recall": round(float(np.mean(recalls)), 4),
        "recall_least": round(float(np.min(recalls)), 4),
        "chroma_where_ms": percentiles(chroma),
        "chroma_where_recall": round(float(np.mean(theirs)), 4),
    }


def choose_filters(index: Index, share: float, n: int = 8) -> list[tuple[Constraint, ...]]:
    """The n filters, at most a third of them on the same fields, that come nearest to leaving this share of the items."""

    def of(field: str, most: int) -> list[Constraint]:
        postings = sorted(index.columns.postings(field).items(), key=lambda pair: -len(pair[1]))
        return [Constraint(field=field, op="in", value=(value,)) for value, _ in postings[:most]]

    years = [Constraint(field="year", op="ge", value=year) for year in range(1940, 2026, 5)]
    minutes = [Constraint(field="minutes", op="le", value=bound) for bound in (20, 30, 45, 60, 90, 120, 240)]
    single = [*of("genres", 80), *of("moods", 40), *of("countries", 20), *of("language", 15), *years, *minutes]
    rare = [*of("themes", 2000)[::10], *of("people", 20000)[::100]]
    pairs = [(a, b) for a, b in product(single, years + of("kind", 3)) if a.field != b.field]
    options = [(constraint,) for constraint in single + rare] + pairs[::3]
    counts = np.array([index.columns.satisfying(option).sum() for option in options])
    order = np.argsort(np.abs(np.log(np.maximum(counts, 0.1) / (share * len(index.ids)))), kind="stable")
    chosen: list[tuple[Constraint, ...]] = []
    for option in (options[place] for place in order):
        alike = sum([c.field for c in option] == [c.field for c in other] for other in chosen)
        if alike <= n // 3 and len(chosen) < n:
            chosen.append(option)
    return chosen


def bare_chroma(index: Index, question: Question) -> Any:
    """Chroma as its own quickstart asks it."""
    return index.collection.query(query_embeddings=[question.vector], n_results=K, include=["distances"])  # type: ignore[list-item]


def bare_bm25(index: Index, question: Question) -> Any:
    """bm25s as its own quickstart asks it."""
    return index.bm25.retrieve([tokenize(question.text)], k=K, show_progress=False)


def exact(index: Index, vector: NDArray[np.float32], rows: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """Rows of the K nearest, unordered, of all items or of some rows, by comparing with each."""
    cosines = index.vectors @ vector if rows is None else (index.vectors @ vector)[rows]  # fetched first, they would be copied
    best = np.argpartition(-cosines, K)[:K] if len(cosines) > K else np.arange(len(cosines))
    return best if rows is None else rows[best]


def recall(found: Sequence[int], wanted: NDArray[np.intp]) -> float:
    """Share of the wanted rows that were found; 1 if none is wanted."""
    return float(np.isin(wanted, found).mean()) if len(wanted) else 1.0


def answers(index: Index, questions: Sequence[Question], found: Sequence[Sequence[str]]) -> dict[str, float]:
    """Share of questions whose item is among the first 10, and the first 100."""
    ids = [index.ids[question.row] for question in questions]
    hits = {at: [wanted in got[:at] for wanted, got in zip(ids, found, strict=True)] for at in (10, 100)}
    return {f"at_{at}": round(float(np.mean(hit)), 3) for at, hit in hits.items()}


def peers(folder: Path, n: int) -> dict[str, Any]:
    """LangChain's ensemble on the same catalog, or why it was not asked."""
    try:
        from peers import langchain
    except ImportError as error:
        return {"missing": f"{error}: pip install -e '.[bench]'"}
    catalog, index, _ = opened(folder)
    few = drawn(catalog, index, n)[: min(n, max(20, 1_000_000 // len(catalog)))]
    with tempfile.TemporaryDirectory() as store:
        return langchain(index, few, choose_filters(index, 0.1), Path(store))


def embed(_: Path, n: int) -> dict[str, Any]:
    """Seconds of our embedding of n texts, of 3 to 120 words, as a build does it, and of the bare encoder, sorted by length."""
    from sentence_transformers import SentenceTransformer

    from chatrec.index.vectors import embed as embed_texts

    items = [item for item, _ in Synthetic(n).items()]
    texts = [" ".join([dense_text(item)] * (1 + row % 4)) for row, item in enumerate(items)]
    embedder = Embedder()
    embedder.encode(["warm up"] * 64)
    bare = SentenceTransformer(embedder._location, device="cpu", local_files_only=True)
    bare.encode(["warm up"] * 64)
    half, spent = n // 4, {"ours": 0.0, "bare": 0.0}
    for part in range(4):
        some = texts[part * half : (part + 1) * half]
        for name in ("ours", "bare") if part % 2 else ("bare", "ours"):
            with tempfile.TemporaryDirectory() as home:
                start = time.perf_counter()
                if name == "ours":
                    (Path(home) / "0").mkdir()
                    embed_texts(some, embedder, Path(home) / "0")
                else:
                    bare.encode(sorted(set(some), key=len), batch_size=64, normalize_embeddings=True)
                spent[name] += time.perf_counter() - start
        told = ", ".join(f"{name} {s:.1f} s" for name, s in spent.items())
        print(f"embedding, {part + 1} of 4 parts: {told}", file=sys.stderr, flush=True)
    return (
        {"texts": n}
        | {f"{name}_s": round(s, 2) for name, s in spent.items()}
        | {"ratio": round(spent["ours"] / spent["bare"], 3)}
    )


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {"p50": round(float(np.percentile(values, 50)), 2), "p95": round(float(np.percentile(values, 95)), 2)}


def report(results: dict[str, Any]) -> None:
    """The figures as a table for people, the targets beside them."""
    columns = results["sizes"]
    table = Table("what", *(f"{size:,}" for size in columns), "target", title="one run; compare ratios, not runs")
    for name, target, cell in ROWS:
        cells = [cell(size, found) for size, found in columns.items()]
        if any(cells):
            table.add_row(name, *cells, target)
    Console(width=160).print(table)
    if "embedding" in results:
        row = results["embedding"]
        print(
            f"embedding {row['texts']} texts: ours {row['ours_s']} s, bare {row['bare_s']} s, ratio {row['ratio']} (target ≤ 1.1)"
        )


def _verdict(text: str, holds: bool | None) -> str:
    return text if holds is None else f"{text} {'✓' if holds else '✗'}"


def _p(row: dict[str, float] | None) -> str:
    return f"{row['p50']} / {row['p95']}" if row else ""


def _peer(found: dict[str, Any], name: str) -> str:
    value = found.get("peers", {}).get(name, "")
    return " / ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _cpu_p95(size: int, found: dict[str, Any]) -> str:
    row, target = found["serve"]["unfiltered"]["cpu_ms"]["ours"], P95_MS.get(size)
    return _verdict(_p(row), row["p95"] <= target if target else None)


def _overhead(found: dict[str, Any], name: str) -> str:
    share = found["serve"]["unfiltered"][name]
    return _verdict(f"{share:+.0%}", share <= 0.15)


def _p95(size: int, found: dict[str, Any]) -> str:
    row, target = found["serve"]["unfiltered"]["ms"]["ours"], P95_MS.get(size)
    return _verdict(_p(row), row["p95"] <= target if target else None)


def _filtered_row(share: float) -> list[tuple[str, str, Callable[[int, dict[str, Any]], str]]]:
    key = str(share)

    def ms(unit: str, found: dict[str, Any]) -> str:
        row, base = found["serve"]["filtered"][key][unit], found["serve"]["unfiltered"][unit]["ours"]
        return _verdict(f"{_p(row)} ({row['p95'] / base['p95']:.1f} ×)", row["p95"] <= 3 * base["p95"])

    def hits(_: int, found: dict[str, Any]) -> str:
        row = found["serve"]["filtered"][key]
        return _verdict(f"{row['recall']} / {row['recall_least']}", row["recall"] >= (0.99 if share < 0.01 else 0.97))

    def theirs(_: int, found: dict[str, Any]) -> str:
        row = found["serve"]["filtered"][key]
        return f"{_p(row['chroma_where_ms'])}, {row['chroma_where_recall']}"

    return [
        (f"{share:.1%} left: ours, ms", "p95 ≤ 3 × unfiltered", lambda _, f: ms("ms", f)),
        (f"{share:.1%} left: ours, processor time, ms", "p95 ≤ 3 × unfiltered", lambda _, f: ms("cpu_ms", f)),
        (f"{share:.1%} left: recall@100, mean / least", "≥ .99" if share < 0.01 else "≥ .97", hits),
        (f"{share:.1%} left: Chroma's where, ms, recall", "", theirs),
    ]


ROWS: list[tuple[str, str, Callable[[int, dict[str, Any]], str]]] = [
    ("build, s", "", lambda _, f: str(f["build"]["build_s"])),
    ("build, peak RSS, GB", "", lambda _, f: str(f["build"]["peak_rss_gb"])),
    ("disk, GB (catalog)", "", lambda _, f: f"{f['build']['disk_gb']} ({f['build']['catalog_gb']})"),
    ("open: catalog + index, s", "", lambda _, f: f"{f['serve']['catalog_s']} + {f['serve']['index_s']}"),
    (
        "RSS: program, + catalog, + index, GB",
        "",
        lambda _, f: " → ".join(str(f["serve"][f"{s}_rss_gb"]) for s in ("start", "catalog", "index")),
    ),
    (
        "RSS after all questions, GB",
        "≤ 6 at 1M",
        lambda size, f: _verdict(str(f["serve"]["rss_gb"]), f["serve"]["rss_gb"] <= RSS_GB[size] if size in RSS_GB else None),
    ),
    ("of it not mapped from files, GB", "", lambda _, f: str(f["serve"]["rss_own_gb"])),
    ("first question, ms", "", lambda _, f: str(f["serve"]["first_question_ms"])),
    ("ours, p50 / p95 ms", "p95 ≤ 30 at 100k, ≤ 120 at 1M", _p95),
    ("the same, every candidate looked at", "", lambda _, f: _p(f["serve"]["unfiltered"]["ms"].get("looked_at"))),
    ("ours, processor time, p50 / p95 ms", "the same", _cpu_p95),
    ("ours with 3 items just liked, ms", "the same", lambda _, f: _p(f["serve"]["liked"])),
    ("ours with 3 items liked before, ms", "the same", lambda _, f: _p(f["serve"].get("liked_before"))),
    ("bare Chroma, ms", "", lambda _, f: _p(f["serve"]["unfiltered"]["ms"]["chroma"])),
    ("bare bm25s, ms", "", lambda _, f: _p(f["serve"]["unfiltered"]["ms"]["bm25s"])),
    ("bare NumPy scan, ms", "", lambda _, f: _p(f["serve"]["unfiltered"]["ms"]["numpy"])),
    ("ours over Chroma + bm25s", "≤ 15%", lambda _, f: _overhead(f, "overhead")),
    ("ours over Chroma + bm25s, processor time", "≤ 15%", lambda _, f: _overhead(f, "overhead_cpu")),
    (
        "recall@100 of the graph",
        "≥ .97",
        lambda _, f: _verdict(str(f["serve"]["unfiltered"]["recall"]), f["serve"]["unfiltered"]["recall"] >= 0.97),
    ),
    ("item in mind in first 10, 100: ours", "", lambda _, f: " / ".join(map(str, f["serve"]["unfiltered"]["answers"].values()))),
    *(row for share in SELECTIVITIES for row in _filtered_row(share)),
    ("LangChain, build, s", "", lambda _, f: _peer(f, "build_s")),
    ("LangChain, p50 / p95 ms", "", lambda _, f: _peer(f, "ms")),
    ("LangChain, 10% left, ms", "", lambda _, f: _peer(f, "filtered_ms")),
    ("LangChain, recall@100 of its graph", "", lambda _, f: _peer(f, "recall")),
    ("LangChain, item in mind in first 10, 100", "", lambda _, f: _peer(f, "answers")),
    ("LangChain, first 10 that break the filter", "ours: 0", lambda _, f: _peer(f, "against_the_filter")),
]

STEPS: dict[str, Callable[[Path, int], dict[str, Any]]] = {"build": build, "serve": serve, "peers": peers, "embed": embed}

if __name__ == "__main__":
    main()
