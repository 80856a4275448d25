"""The older way in which lmms-eval finds a model: `LMMS_EVAL_PLUGINS=moviellm.eval.lmms_eval`."""

AVAILABLE_MODELS = {"moviellm": "MovieLLM"}
