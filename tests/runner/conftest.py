import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tiny_playbook, whatever the import mode


@pytest.fixture
def home(tmp_path):
    """A folder with the tiny engagement and the tiny playbook."""
    import tiny_playbook

    tiny_playbook.write_engagement(tmp_path / "client")
    tiny_playbook.write_playbook(tmp_path / "playbook")
    return tmp_path
