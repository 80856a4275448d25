"""A dataset folder is checked as if it were hostile: what each part of `moviellm dataset check` looks at."""
