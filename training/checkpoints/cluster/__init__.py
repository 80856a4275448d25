"""Files for accelerate and DeepSpeed: one GPU, eight with FSDP2, and ZeRO-2 and ZeRO-3. See docs/checkpoints.md."""
