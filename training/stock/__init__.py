"""Models that transformers ships, trained on films as they are: seven families, no torchvision, no code of theirs."""
