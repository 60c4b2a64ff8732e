"""The house rules of the playbook: a rule that no test checks is not a rule."""

import ast
import csv
import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "playbook").glob("*.ipynb"))
MODULES = {
    "1": "objectives",
    "2": "data_readiness",
    "3": "methodology",
    "4": "validation",
    "5": "operations",
    "6": "governance",
    "7": "impact",
}
AUDIENCES = {"executive", "board", "marketing", "sales", "product", "service", "finance"}
TAGS = AUDIENCES | {"parameters", "answer", "reason", "page-per-segment", "appendix", "veto"}
NAMES_TRUTH = re.compile(r"(^|[^\w.])truth([/\\\\.]|$)|true_segment")
SOURCES = sorted((ROOT / "segutils").rglob("*.py"))


def capabilities() -> dict[str, str]:
    """Slug → notebook, from the playbook's own list."""
    with (ROOT / "segutils" / "capabilities.csv").open(encoding="utf-8", newline="") as lines:
        return {row["slug"]: row["notebook"] for row in csv.DictReader(lines)}


def answered_slugs(notebook: nbformat.NotebookNode) -> list[str]:
    """The capabilities that a notebook's title cell says it decides."""
    line = next(part for part in re.split(r"·|\n", notebook.cells[0].source) if "**Decides**" in part)
    return re.findall(r"`([a-z0-9-]+)`", line)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_there_are_98_capabilities():
    assert len(capabilities()) == 98


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_anatomy(self, path):
        notebook = read(path)
        ids = [cell.id for cell in notebook.cells]
        assert 12 <= len(ids) <= 40
        assert ids[:3] == ["title", "parameters", "setup"] and ids[-2:] == ["save", "limits"]
        assert notebook.cells[1].metadata.get("tags") == ["parameters"]
        assert notebook.cells[1].source.startswith('run_dir: str = ""')
        assert all(re.fullmatch(r"[a-z][a-z0-9-]*", cell_id) for cell_id in ids)
        headings = [
            c.source for c in notebook.cells if c.cell_type == "markdown" and re.match(r"# ", c.source)
        ]
        assert len(headings) == 1 and headings[0].startswith(f"# {path.stem.split('_')[0]}_")
        for word in ("**Decides**", "**Reads**", "**Writes**"):
            assert word in notebook.cells[0].source

    def test_its_slugs_have_why_evidence_and_how_to_read(self, path):
        notebook = read(path)
        ids = [cell.id for cell in notebook.cells]
        known = capabilities()
        for slug in answered_slugs(notebook):
            assert known.get(slug) == path.stem, f"{slug} is not a capability of {path.stem}"
            assert {f"{slug}-why", slug, f"{slug}-read"} <= set(ids)
        borrowed = {i for i in ids if i in known} - set(answered_slugs(notebook))
        assert not borrowed, f"a cell is named like another notebook's capability: {borrowed}"

    def test_tells_and_does_not_compute(self, path):
        for cell in read(path).cells:
            assert set(cell.metadata.get("tags", [])) <= TAGS, cell.id
            if cell.cell_type != "code":
                continue
            assert not cell.outputs and cell.execution_count is None, f"{cell.id} has outputs"
            most = 24 if cell.id == "parameters" else 15  # one line each, in papermill's one cell
            assert len(cell.source.splitlines()) <= most, cell.id
            for node in ast.walk(ast.parse(cell.source)):
                forbidden = ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.Lambda | ast.Try
                assert not isinstance(node, forbidden), f"{cell.id} computes: {ast.unparse(node)[:60]}"
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in ("print", "open", "exec", "eval"), cell.id
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not re.search(r"[\w.]+/[\w.]+/|\.(csv|parquet|xlsx)$", node.value), (
                        f"{cell.id}: path"
                    )

    def test_prose_has_no_figures(self, path):
        for cell in read(path).cells:
            if cell.id.endswith("-read"):
                text = re.sub(r"`[^`]*`|\b(19|20)\d\d\b|\b[Ss]\d\b|\b\d_\d\w*", "", cell.source)
                assert not re.search(r"\d+(\.\d+)? ?%|\d{2,}", text), f"{cell.id} types a figure in prose"

    def test_three_names(self, path):
        """playbook/3_2_segments.ipynb · segutils/methodology/segments/<slug>.py · tests beside it."""
        module, name = MODULES[path.stem[0]], path.stem.split("_", 2)[2]
        for slug in answered_slugs(read(path)):
            file = slug.replace("-", "_")
            assert (ROOT / "segutils" / module / name / f"{file}.py").exists()
            assert (ROOT / "tests" / module / name / f"test_{file}.py").exists()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_rules(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= 400, "split the file: it cannot be read in one sitting"
    assert path.stem not in ("utils", "helpers", "common")
    if path.name == "__init__.py":
        assert not text.strip(), "an __init__.py stays empty"
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            names = {n.id for n in ast.walk(node.type or ast.Name("bare")) if isinstance(n, ast.Name)}
            assert not names & {"Exception", "BaseException", "bare"}, (
                f"line {node.lineno}: catches everything"
            )
        if (
            isinstance(node, ast.FunctionDef)
            and not node.name.startswith("_")
            and path.parent.name != "packs"
        ):
            assert not node.args.kwarg and not node.args.vararg, f"{node.name} takes *args or **kwargs"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            clock = (node.value.id, node.attr)
            assert clock not in {
                ("datetime", "now"),
                ("date", "today"),
                ("time", "time"),
                ("datetime", "utcnow"),
            }
            assert clock != ("np", "random") or _is_generator(text, node), (
                f"line {node.lineno}: a global seed"
            )


@pytest.mark.parametrize("path", [p for p in SOURCES if "samples" not in p.parts], ids=lambda p: p.name)
def test_nothing_but_samples_reads_the_planted_truth(path):
    """A method that could see the truth would prove nothing. `provider_truth` is the client's own table."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not NAMES_TRUTH.search(node.value), f"line {node.lineno}: {node.value[:60]}"


def test_no_notebook_engagement_or_template_reads_the_planted_truth():
    files = [*NOTEBOOKS, *(ROOT / "data").glob("*/engagement.yml"), *(ROOT / "templates").rglob("*.j2")]
    for path in files:
        code = (
            re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
            if path.suffix == ".yml"
            else path.read_text(encoding="utf-8")
        )
        assert not NAMES_TRUTH.search(code), path


def _is_generator(text: str, node: ast.Attribute) -> bool:
    line = text.splitlines()[node.lineno - 1]
    return bool(re.search(r"np\.random\.(default_rng|Generator|SeedSequence|PCG64|BitGenerator)", line))


def test_public_functions_have_docstrings():
    missing = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            nested = isinstance(node, ast.FunctionDef) and node.col_offset > 0
            if is_public and not nested and not ast.get_docstring(node):
                missing.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert not missing


def test_nothing_tracked_names_a_place_of_work():
    pattern = re.compile(r"/(work|tmp|root)/|/home/\w|https?://[^\s\"']*/simple\b", re.I)
    hits = []
    for path in (*SOURCES, *NOTEBOOKS, *ROOT.glob("*.*"), *(ROOT / "templates").rglob("*.*")):
        if path.suffix in (".py", ".ipynb", ".md", ".yml", ".toml", ".lock", ".j2", ".typ", ".css", ".csv"):
            hits += [str(path) for _ in pattern.findall(path.read_text(encoding="utf-8"))]
    assert not hits


def test_notebooks_are_valid_and_say_python3():
    for path in NOTEBOOKS:
        raw = json.loads(path.read_text(encoding="utf-8"))
        assert raw["metadata"]["kernelspec"]["name"] == "python3"
        nbformat.validate(read(path))
