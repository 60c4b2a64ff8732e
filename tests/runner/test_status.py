import json

from tiny_playbook import write_notebook

from segutils.capabilities import read_capabilities
from segutils.runner.execute import Failure
from segutils.runner.manifest import Manifest, NotebookRecord, write_manifest
from segutils.runner.status import FINDING, count_states, read_status


def test_every_capability_has_a_state(tmp_path):
    """One notebook per state, its executed outputs written by hand."""

    def executed(name, *findings, failed=False):
        outputs = [{"output_type": "display_data", "data": {FINDING: finding}} for finding in findings]
        cells = [{"cell_type": "code", "id": "x", "metadata": {}, "source": "", "outputs": outputs}]
        path = tmp_path / "run" / "notebooks" / f"{name}{'.failed' if failed else ''}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": cells}))

    def plan(name, *slugs):
        path = write_notebook(tmp_path / "playbook", name, {})
        path.write_text(path.read_text().replace("`rfm`", ", ".join(f"`{slug}`" for slug in slugs)))

    def finding(slug, status, *tables):
        needs = [
            {"question": "q", "table": t, "columns": ["at", "by"] if t == "events" else []} for t in tables
        ]
        return {"slug": slug, "status": status, "headline": f"About {slug}.", "needs": needs}

    plan("2_1_quality", "contract", "sufficiency")
    plan("3_1_features", "rfm")
    plan("3_2_segments", "segment-count", "algorithm-choice")
    plan("3_3_profiles", "profiles")
    asked = finding("sufficiency", "not_run", "survey", "events", "survey")
    executed("2_1_quality", finding("contract", "fail"), asked)
    executed(
        "3_1_features", finding("rfm", "pass"), {**finding("rfm", "info", "events"), "headline": "An aside."}
    )
    executed("3_2_segments", finding("algorithm-choice", "info"), failed=True)
    manifest = Manifest(run="2025-12-31-x", client="A")
    failure = Failure(cell="segment-count", line="line 1: f()", message="ValueError: no\nmore")
    manifest.record(NotebookRecord(name="2_1_quality", status="done"))
    manifest.record(NotebookRecord(name="3_1_features", status="done"))
    manifest.record(NotebookRecord(name="3_2_segments", status="failed", failure=failure))
    manifest.record(NotebookRecord(name="3_3_profiles", status="not run", needs=["3_2_segments"]))
    write_manifest(manifest, tmp_path / "run")

    found = {item.capability.slug: item for item in read_status(tmp_path / "run", tmp_path / "playbook")}
    assert len(found) == 98
    said = {slug: (item.state, item.detail) for slug, item in found.items()}
    assert said["contract"] == ("answered", "About contract.")  # a bad result is an answer
    assert said["sufficiency"] == ("needs input", "ask for survey and events (at, by)")
    assert said["rfm"] == ("partly", "for the rest ask for events (at, by)")
    assert said["algorithm-choice"] == ("answered", "About algorithm-choice.")
    assert said["segment-count"] == ("failed", "cell segment-count: ValueError: no")
    assert said["profiles"] == ("not run", "needs 3_2_segments")
    assert said["cohorts"] == ("not in this playbook yet", "")
    counts = count_states(list(found.values()))
    assert sum(counts.values()) == 98 and counts["not in this playbook yet"] == 92


def test_the_list_is_the_plan():
    capabilities = read_capabilities()
    slugs = [capability.slug for capability in capabilities]
    assert len(slugs) == len(set(slugs)) == 98
    assert len({capability.notebook for capability in capabilities}) == 22
    assert all(capability.question.endswith("?") and capability.tables for capability in capabilities)
