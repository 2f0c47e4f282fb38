"""Fine-tuning on a recording of one's own, without labels."""
