"""``python -m bench.intents DATA``: many routes, learned from short texts; writes bench/intents.json.

DATA holds `banking77` (Casanueva et al. 2020) and `clinc150` (Larson et al. 2019), each with `train.jsonl` and
`test.jsonl` of `route` and `body`, the second with `out_of_scope.jsonl`. Every contestant learns and is asked in a
process of its own, one after another in the same run, with one thread.
"""

import argparse
import importlib.util
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from postroom.adapters.classifier import training, vectors
from postroom.adapters.classifier.features import words
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import dump, parse
from postroom.decide.folding import fold, fold_words
from postroom.flow.scope import scope_figures

OUT = Path(__file__).resolve().parent / "intents.json"
SETS = ("banking77", "clinc150")
_ASKED_ALONE = 1000

Scores = Callable[[Sequence[str]], "np.ndarray[Any, np.dtype[np.floating[Any]]]"]
"""Of texts, (texts, classes) numbers; the largest is the answer, and how sure it is."""


class MissingError(Exception):
    """A contestant that is not installed."""


def _ours(texts: Sequence[str], routes: Sequence[str], table: Any) -> tuple[list[str], Scores, int]:
    examples = [
        training.Example(words=words(fold("", text)), remarks=(), route=route)
        for text, route in zip(texts, routes, strict=True)
    ]
    content = dump(training.train(examples, {}, table))
    judge = LinearClassifier(parse(content))
    return list(judge.model.classes), lambda asked: judge.shares([words(fold("", one)) for one in asked]), len(content)


def ours(texts: Sequence[str], routes: Sequence[str]) -> tuple[list[str], Scores, int]:
    """postroom as it comes."""
    return _ours(texts, routes, None)


def with_vectors(texts: Sequence[str], routes: Sequence[str]) -> tuple[list[str], Scores, int]:
    """postroom with the extra `vectors`."""
    if not vectors.installed():
        raise MissingError("wordllama is not installed")
    return _ours(texts, routes, vectors.load())


def tfidf_svm(texts: Sequence[str], routes: Sequence[str]) -> tuple[list[str], Scores, int]:
    """TF-IDF of words and pairs, and of n-grams within words, with support vectors: the usual baseline."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline, make_union  # noqa: PLC0415
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    said = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
    )
    model = make_pipeline(said, LinearSVC(random_state=0)).fit([fold_words(text) for text in texts], routes)
    asked: Scores = lambda texts: np.asarray(model.decision_function([fold_words(text) for text in texts]))  # noqa: E731
    return list(model.classes_), asked, len(pickle.dumps(model))


def fasttext(texts: Sequence[str], routes: Sequence[str]) -> tuple[list[str], Scores, int]:
    """fastText (Joulin et al. 2017) with n-grams; needs a build of it that can train."""
    if importlib.util.find_spec("fasttext") is None:
        raise MissingError("fasttext is not installed")
    import fasttext as library  # noqa: PLC0415

    if not hasattr(library, "train_supervised"):
        raise MissingError("this fasttext can't train")
    names = sorted(set(routes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts"
        lines = [
            f"__label__{names.index(route)} {fold_words(text)}\n" for text, route in zip(texts, routes, strict=True)
        ]
        path.write_text("".join(lines))
        model = library.train_supervised(str(path), lr=0.5, epoch=25, minn=2, maxn=5, wordNgrams=2, thread=1, verbose=0)
        model.save_model(f"{path}.bin")
        size = Path(f"{path}.bin").stat().st_size

    def scores(asked: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.floating[Any]]]":
        found = np.zeros((len(asked), len(names)))
        for row, text in enumerate(asked):
            labels, shares = model.predict(fold_words(text).replace("\n", " "), k=len(names))
            found[row, [int(label.removeprefix("__label__")) for label in labels]] = shares
        return found

    return names, scores, size


CONTESTANTS = {"postroom": ours, "postroom_vectors": with_vectors, "tfidf_svm": tfidf_svm, "fasttext": fasttext}


def measure(contestant: str, folder: Path) -> dict[str, Any]:
    """The figures of one contestant on one set."""
    texts, routes = _read(folder / "train.jsonl")
    asked, right = _read(folder / "test.jsonl")
    began = time.process_time()
    try:
        names, scores, size = CONTESTANTS[contestant](texts, routes)
    except MissingError as error:
        return {"missing": str(error)}
    trained = time.process_time() - began
    scores(asked[:100])
    began = time.process_time()
    found = scores(asked)
    together = time.process_time() - began
    alone = []
    for text in asked[:_ASKED_ALONE]:
        began = time.process_time()
        scores([text])
        alone.append(time.process_time() - began)
    figures: dict[str, Any] = {
        "accuracy": round(
            float(np.mean([names[best] == one for best, one in zip(found.argmax(1), right, strict=True)])), 4
        ),
        "train_cpu_seconds": round(trained, 1),
        "texts_per_s": round(len(asked) / together),
        "p99_ms": round(float(np.quantile(alone, 0.99)) * 1000, 3),
        "model_bytes": size,
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if (folder / "out_of_scope.jsonl").exists():
        outside, _ = _read(folder / "out_of_scope.jsonl")
        told = scope_figures(found.max(1).tolist(), scores(outside).max(1).tolist())
        figures |= {"auroc": round(told.auroc, 4), "recall_at_5pct_rejects": round(told.recall_at_5pct_rejects, 4)}
    return figures


def _read(path: Path) -> tuple[list[str], list[str]]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row["body"] for row in rows], [row["route"] for row in rows]


def main(words: list[str] | None = None) -> int:
    """Measure every contestant on both sets; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.intents", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of banking77 and clinc150")
    parser.add_argument("--only", choices=CONTESTANTS, action="append", help="contestants (default: all)")
    parser.add_argument("--sets", choices=SETS, action="append", help="sets (default: both)")
    parser.add_argument("--here", action="store_true", help="in this process: one contestant, one set, printed")
    parser.add_argument("--out", type=Path, default=OUT)
    told = parser.parse_args(words)
    contestants, sets = told.only or list(CONTESTANTS), told.sets or list(SETS)
    if told.here:
        print(json.dumps(measure(contestants[0], told.data / sets[0])))
        return 0
    results: dict[str, Any] = json.loads(told.out.read_text()) if told.out.exists() else {}
    failed = 0
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    for name in sets:
        for contestant in contestants:
            command = ["-m", "bench.intents", str(told.data), "--here", "--only", contestant, "--sets", name]
            done = subprocess.run(
                [sys.executable, *command], env=os.environ | one_thread, capture_output=True, text=True, check=False
            )
            found = json.loads(done.stdout) if not done.returncode else {"failed": done.stderr.strip()[-500:]}
            failed |= done.returncode != 0
            found["taken_at"] = datetime.now(UTC).isoformat(timespec="seconds")
            results.setdefault(name, {})[contestant] = found
            print(name, contestant, found, file=sys.stderr)
            told.out.write_text(json.dumps(results, indent=1) + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
