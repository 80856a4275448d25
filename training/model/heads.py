"""From hidden states to logits and to a loss, as the language model of the text config does it."""

from typing import Any

import torch


def scale_logits(logits: torch.Tensor, text_config: Any) -> torch.Tensor:
    """What some language models do after their head: a factor (Granite, Cohere), a soft cap (Gemma)."""
    factor = getattr(text_config, "logit_scale", None)
    if factor is None and getattr(text_config, "logits_scaling", None) is not None:
        factor = 1.0 / text_config.logits_scaling
    if factor is not None:
        logits = logits * factor
    cap = getattr(text_config, "final_logit_softcapping", None)
    return logits if cap is None else torch.tanh(logits / cap) * cap


def loss_of_labels(
    model: Any, hidden: torch.Tensor, labels: torch.Tensor | None, shifted: torch.Tensor | None, items: Any
) -> torch.Tensor:
    """Cross entropy at the positions that have a label, and at no others; a zero with gradients where none has one."""
    if shifted is None:
        assert labels is not None
        hidden, shifted = hidden[:, :-1], labels[:, 1:]
    shifted = shifted.to(hidden.device)
    there = shifted != -100
    if not bool(there.any()):
        return hidden.sum() * 0.0
    text_config = model.config.get_text_config()
    logits = scale_logits(model.lm_head(hidden[there]), text_config)
    return model.loss_function(
        logits=logits,
        labels=None,
        shift_labels=shifted[there],
        vocab_size=text_config.vocab_size,
        num_items_in_batch=items,
    )
