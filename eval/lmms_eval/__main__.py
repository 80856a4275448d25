"""Where the task files lie, for a command line.

lmms-eval --include_path "$(python -m moviellm.eval.lmms_eval)" --tasks moviellm --model qwen2_5_vl ...
"""

import sys

from moviellm.eval.lmms_eval import TASKS

if __name__ == "__main__":
    sys.stdout.write(f"{TASKS}\n")
