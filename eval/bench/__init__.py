"""The benchmark: movies that train lacks, dev with answers, test without, labels apart; built, verified, pushed."""
