"""Which weights a name means is known without what it takes to load them."""

import subprocess
import sys


def test_it_needs_no_torch() -> None:
    code = "import sys, moviellm.training.ask.revision; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
